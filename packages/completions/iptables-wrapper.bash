# Completion of iptables-wrapper's own command line for bash. A test (//packages:text_test) compares it with the program's help.

_iptables_wrapper() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} words=()
	COMPREPLY=()
	case $prev in
	--root)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		return
		;;
	--wrapper)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	--output) words=(text json mode) ;;
	--wait) words=(30s 2m) ;;
	*)
		case $COMP_CWORD:${COMP_WORDS[1]} in
		1:*) words=(install detect set version help) ;;
		*:install) words=(--root --wrapper --nft-only --no-sanity-check --dry-run) ;;
		*:detect) words=(--output --wait --check) ;;
		2:set) words=(nft legacy detected auto) ;;
		esac
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "${words[*]}" -- "$cur")
}

complete -F _iptables_wrapper iptables-wrapper
