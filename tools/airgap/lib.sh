# shellcheck shell=sh
# The functions that all steps share: paths, messages about progress and errors, and the completion of results.

began=$(date +%s)

say() {
	printf 'bazelw: %3ds  %s\n' "$(($(date +%s) - began))" "$*" >&2
}

die() {
	printf 'bazelw: %s\n' "$*" >&2
	exit 1
}

# cache_path: prints the directory that contains everything that is written.
cache_path() {
	[ -n "${IPTABLES_WRAPPERS_CACHE:-${XDG_CACHE_HOME:-${HOME:-}}}" ] ||
		die "HOME: not set; set it, or IPTABLES_WRAPPERS_CACHE to the directory for all files"
	realpath -ms -- "${IPTABLES_WRAPPERS_CACHE:-${XDG_CACHE_HOME:-${HOME:-}/.cache}/iptables-wrappers}" 2>/dev/null ||
		die "realpath: not GNU's, which the air-gapped way needs; ./bazelw doctor lists what this machine lacks"
}

# The parent of a symlink to a cache whose path contains a space. Every user may write there.
shared=/var/tmp

# find_cache: sets cache to the directory. Go's own tools cannot run from a path with a space. Such a cache is used
# through a symlink, inside the sandbox and outside. The symlink is in a directory that only this user can change.
find_cache() {
	cache=$(cache_path)
	case $cache in
	*[[:space:]]*)
		# mkdir does not create a directory through a dangling symlink.
		mkdir -p -- "$cache" 2>/dev/null || die "$cache: cannot be created; set IPTABLES_WRAPPERS_CACHE to a directory that can be"
		own=$shared/iptables-wrappers-$(id -u)
		mkdir -m 0700 "$own" 2>/dev/null || true
		[ "$(stat -c '%F %u %a' -- "$own" 2>/dev/null)" = "directory $(id -u) 700" ] ||
			die "$own: not a directory with mode 0700 of this user; remove it, or set IPTABLES_WRAPPERS_CACHE to a path without spaces"
		plain=$own/$(key "$cache")
		[ "$(readlink "$plain")" = "$cache" ] || ln -sfnT "$cache" "$plain"
		cache=$plain
		;;
	esac
}

# key TEXT...: prints a name that changes if one of the texts changes.
key() {
	printf '%s\0' "$@" | sha256sum | cut -c1-12
}

# The result of a step is a directory called KIND-KEY. It is built as KIND-KEY.part and renamed when it is complete, so
# a directory with this name has the right content. The next run deletes the .part of a killed step. A list of the
# files, KIND-KEY/.whole, detects files that were deleted later.
#
# begin PATH: creates an empty PATH.part.
begin() {
	remove "$1.part"
	mkdir -p "$1.part" || die "$1.part: cannot be made"
}

# finish PATH: renames PATH.part to PATH. Removes other results of the same kind that were not used for a week.
finish() {
	(cd "$1.part" && find . -xdev -type f ! -path './var/*' ! -path './run/*' ! -path './tmp/*' >.whole) || die "$1.part: cannot be listed"
	mv -T "$1.part" "$1" || die "$1: cannot be renamed from $1.part"
	find "$cache" -maxdepth 1 -name "$(basename "${1%-*}")-*" -mtime +7 ! -path "$1" | while read -r old; do remove "$old"; done
}

# whole PATH: reports whether the step is complete and none of its files is missing. If a file was deleted, Bazel's
# results from it are not trusted either.
whole() {
	[ -d "$1" ] || return 1
	(cd "$1" && xargs -d '\n' stat --format= -- <.whole) >/dev/null 2>&1 && touch "$1" && return
	say "$1: files have been deleted there; it is made anew"
	remove_bazel "$cache"
	remove "$1"
	return 1
}

# side_by_side STEP...: runs the steps in parallel. On a terminal it prints each second how long they have taken.
side_by_side() {
	pids=
	for step in "$@"; do
		("$step") &
		pids="$pids $!"
	done
	ok=true
	for pid in $pids; do
		while [ -t 2 ] && kill -0 "$pid" 2>/dev/null; do
			printf '\rbazelw: %3ds ' "$(($(date +%s) - began))" >&2
			sleep 1
		done
		wait "$pid" || ok=false
	done
	"$ok" || exit 1
}

remove() {
	[ ! -e "$1" ] || rm -rf --one-file-system -- "$1" || die "$1: cannot be removed"
}

# explain LOG: prints one line for a usual reason that a download or an unpacking fails, otherwise the log's first
# error. It checks for a full disk first, because that truncates logs.
explain() {
	if [ "$(df -Pk "$cache" | awk 'NR == 2 { print $4 }')" -lt 4096 ] || grep -qiE 'no space left|enough free space' "$1"; then
		echo "no space left on the disk of $cache"
	elif line=$(grep -m 1 -iE 'NO_PUBKEY|BADSIG|EXPKEYSIG|is not signed|signatures? (were|was|could)|hash sum mismatch|checksum mismatch|SECURITY ERROR' "$1"); then
		echo "a signature or checksum does not verify: ${line#"${line%%[! ]*}"}"
	elif line=$(grep -m 1 -iE 'could not (resolve|connect)|unable to connect|connection (refused|timed out|failed)|temporary failure|no route|i/o timeout|no such host' "$1"); then
		echo "does not answer: ${line#"${line%%[! ]*}"}"
	else
		grep -m 1 -E '^E:|[Ee]rror:' "$1" || tail -n 1 "$1"
	fi
}
