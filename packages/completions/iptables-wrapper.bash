# Completion of iptables-wrapper's own command line, for bash. A test (//packages:text_test) holds it to what the program says.

_iptables_wrapper() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} words=()
	COMPREPLY=()
	case $prev in
	--root)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		return
		;;
	--output) words=(text json) ;;
	--wait) words=(30s 2m) ;;
	*)
		case $COMP_CWORD:${COMP_WORDS[1]} in
		1:*) words=(install detect version help) ;;
		*:install) words=(--root --nft-only --no-sanity-check --dry-run) ;;
		*:detect) words=(--output --wait --check) ;;
		esac
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "${words[*]}" -- "$cur")
}

complete -F _iptables_wrapper iptables-wrapper
