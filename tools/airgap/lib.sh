# shellcheck shell=sh
# What every step shares: where things are, how progress and errors are said, and how a result becomes final.

# Both names are kept short of the user's own choice of folder: everything written is below this one.
cache=${IPTABLES_WRAPPERS_CACHE:-${XDG_CACHE_HOME:-${HOME:?}/.cache}/iptables-wrappers}
case $cache in
/*) ;;
*) cache=$PWD/$cache ;;
esac
began=$(date +%s)

say() {
	printf 'bazelw: %3ds  %s\n' "$(($(date +%s) - began))" "$*" >&2
}

die() {
	printf 'bazelw: %s\n' "$*" >&2
	exit 1
}

# key TEXT...: a name that changes whenever one of the texts does.
key() {
	printf '%s\0' "$@" | sha256sum | cut -c1-12
}

# A step's result is a folder called KIND-KEY. It is made as KIND-KEY.part and renamed when complete, so that its name alone
# says that it is whole and of the right content: a killed step leaves a .part that the next run throws away.
#
# begin PATH: an empty PATH.part to build in.
begin() {
	remove "$1.part"
	mkdir -p "$1.part" || die "$1.part: cannot be made"
}

# finish PATH: PATH.part becomes PATH; other versions of it that nothing has used for a week go.
finish() {
	mv -T "$1.part" "$1" || die "$1: cannot be renamed from $1.part"
	find "$cache" -maxdepth 1 -name "${1##*/}.part" -prune -o -maxdepth 1 -name "$(basename "$1" | sed 's/-[0-9a-f]*$//')-*" \
		-mtime +7 ! -path "$1" -print | while read -r old; do remove "$old"; done
}

remove() {
	[ ! -e "$1" ] || rm -rf --one-file-system -- "$1" || die "$1: cannot be removed"
}

# explain LOG: one line for the usual reasons a download or an unpack fails, else the log's last error line.
explain() {
	if grep -qiE 'no space left|ENOSPC|disk quota' "$1"; then
		echo "no space left on the disk of $cache"
	elif grep -qiE 'NO_PUBKEY|BADSIG|EXPKEYSIG|not signed|signatures? (were|was|couldn|could not|verification)|sqv|checksum mismatch|SECURITY ERROR|Hash Sum mismatch' "$1"; then
		echo "a signature or checksum does not verify: $(grep -iE 'NO_PUBKEY|BADSIG|EXPKEYSIG|not signed|signature|sqv|mismatch' "$1" | tail -n 1)"
	elif grep -qiE 'could not resolve|could not connect|connection (refused|timed out|failed)|unable to connect|temporary failure|no route|i/o timeout|no such host' "$1"; then
		echo "does not answer: $(grep -iE 'resolve|connect|connection|temporary failure|no route|timeout|no such host' "$1" | tail -n 1)"
	else
		grep -m 1 -iE "^E:|error" "$1" || tail -n 1 "$1"
	fi
}
