#!/bin/sh
# Before the package is removed, in every format: everything goes back to what postinstall.sh wrote down. Then the root is as if
# it had never had the wrapper. Runs in dash, busybox ash and bash.
set -eu

case ${1-} in
upgrade | failed-upgrade | [1-9]) exit 0 ;; # dpkg, and rpm's number of versions that stay: postinstall.sh follows
esac

folder=/var/lib/iptables-wrapper

# alternatives ARGUMENT...: the distribution's program, which has one name or the other, or both.
alternatives() {
	if command -v update-alternatives >/dev/null; then
		update-alternatives "$@"
	else
		command alternatives "$@"
	fi
}

# state NAME: the file in which the program keeps that group, empty if there is none: iptables is gone, or has no alternatives.
state() {
	for file in "/var/lib/dpkg/alternatives/$1" "/var/lib/alternatives/$1"; do
		if [ -f "$file" ]; then
			echo "$file"
			return
		fi
	done
}

# unregister NAME: takes the wrapper out of a group. Its path is spelled as the group's own are, and a follower's is the same.
unregister() {
	file=$(state "$1")
	if [ -n "$file" ]; then
		path=$(grep -m 1 '/iptables-wrapper$' "$file" || :)
		[ -z "$path" ] || alternatives --remove "$1" "$path" >/dev/null
	fi
}

# put_back_group NAME STATUS PATH: a choice that was made by hand; else, and if it is not there any more, the choice is the program's,
# and no longer what a call of the wrapper decided.
put_back_group() {
	file=$(state "$1")
	if [ -z "$file" ]; then
		return
	fi
	if [ "$2" = manual ] && grep -qxF "$3" "$file"; then
		alternatives --set "$1" "$3" >/dev/null
	else
		alternatives --auto "$1" >/dev/null
	fi
}

# leads PATH PATTERN PATTERN: whether a link leads straight to one of two: the wrapper, and what a call of it decided on. Any other
# was laid by somebody else since.
leads() {
	target=$(readlink "$1" || :)
	# shellcheck disable=SC2254 # they are patterns
	case ${target##*/} in
	$2 | $3) return 0 ;;
	esac
	return 1
}

# lay PATH TARGET: makes a link in the place of the one that is there; at no moment is there none.
lay() {
	ln -s "$2" "$1.before"
	mv -f "$1.before" "$1"
}

unregister iptables
unregister ip6tables
if [ -f "$folder/before" ]; then
	while read -r kind name rest value; do
		case $kind in
		group) put_back_group "$name" "$rest" "$value" ;;
		link) ! leads "$name" iptables-wrapper 'xtables-*-multi' || lay "$name" "$rest" ;;
		absent) ! leads "$name" iptables-wrapper iptables-wrapper || rm -f "$name" ;;
		esac
	done <"$folder/before"
fi

own=$(cd /usr/sbin && pwd -P)
for dir in /usr/sbin /sbin /usr/bin; do
	[ -d "$dir" ] || continue
	for name in iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore; do
		# What the distribution usually has, where the wrapper was installed by hand before the package, and its links with it.
		for mode in nft legacy; do
			if [ -e "$dir/xtables-$mode-multi" ] && leads "$dir/$name" iptables-wrapper iptables-wrapper; then
				lay "$dir/$name" "xtables-$mode-multi"
			fi
		done
		rm -f "/usr/share/libalternatives/$name/90.conf"
	done
	rm -f "$dir/.iptables-wrapper.guessed"
	# A copy beside the modes' binaries where those are elsewhere; the package's own file is the package manager's.
	if [ "$(cd "$dir" && pwd -P)" != "$own" ]; then
		rm -f "$dir/iptables-wrapper"
	fi
done
rm -rf "$folder"
