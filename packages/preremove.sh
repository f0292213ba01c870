#!/bin/sh
# Runs before the package is removed, in every format. It restores the state that postinstall.sh recorded, so that no
# trace of the wrapper is left. Runs in dash, busybox ash and bash.
set -eu

case ${1-} in
upgrade | failed-upgrade | [1-9]) exit 0 ;; # an upgrade: dpkg's words, or rpm's number of versions that stay; postinstall.sh runs next
esac

directory=/var/lib/iptables-wrapper

# alternatives ARGUMENT...: runs the distribution's alternatives program, which has one of two names.
alternatives() {
	if command -v update-alternatives >/dev/null; then
		update-alternatives "$@"
	else
		command alternatives "$@"
	fi
}

# state NAME: prints the file in which the alternatives program stores a group. Prints nothing if there is no group,
# because iptables was removed or does not use alternatives.
state() {
	for file in "/var/lib/dpkg/alternatives/$1" "/var/lib/alternatives/$1"; do
		if [ -f "$file" ]; then
			echo "$file"
			return
		fi
	done
}

# unregister NAME: removes the wrapper from a group, by the path that the group's file contains.
unregister() {
	file=$(state "$1")
	if [ -n "$file" ]; then
		path=$(grep -m 1 '/iptables-wrapper$' "$file" || :)
		[ -z "$path" ] || alternatives --remove "$1" "$path" >/dev/null
	fi
}

# put_back_group NAME STATUS PATH: restores the user's choice if the status is manual and the path still exists in the
# group. Otherwise sets the group to automatic, which discards what a call of the wrapper selected.
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

# leads PATH PATTERN PATTERN: succeeds if the base name of a symlink's target matches a pattern. The patterns match the
# wrapper, and binaries that a call of it selects. Any other target was set by another program since, and is kept.
leads() {
	target=$(readlink "$1" || :)
	# shellcheck disable=SC2254 # they are patterns
	case ${target##*/} in
	$2 | $3) return 0 ;;
	esac
	return 1
}

# lay PATH TARGET: replaces a symlink atomically.
lay() {
	ln -s "$2" "$1.before"
	mv -f "$1.before" "$1"
}

unregister iptables
unregister ip6tables
if [ -f "$directory/before" ]; then
	while read -r kind name rest value; do
		case $kind in
		group) put_back_group "$name" "$rest" "$value" ;;
		link) ! leads "$name" iptables-wrapper 'xtables-*-multi' || lay "$name" "$rest" ;;
		absent) ! leads "$name" iptables-wrapper iptables-wrapper || rm -f "$name" ;;
		esac
	done <"$directory/before"
fi

own=$(cd /usr/sbin && pwd -P)
for dir in /usr/sbin /sbin /usr/bin; do
	[ -d "$dir" ] || continue
	for name in iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore; do
		# If the wrapper and its symlinks were installed manually before the package, restore the distribution's
		# default.
		for mode in nft legacy; do
			if [ -e "$dir/xtables-$mode-multi" ] && leads "$dir/$name" iptables-wrapper iptables-wrapper; then
				lay "$dir/$name" "xtables-$mode-multi"
			fi
		done
		rm -f "/usr/share/libalternatives/$name/90.conf"
	done
	rm -f "$dir/.iptables-wrapper.guessed"
	# `install` copies the wrapper beside the modes' binaries if they are in another directory. The package manager
	# removes the package's own file.
	if [ "$(cd "$dir" && pwd -P)" != "$own" ]; then
		rm -f "$dir/iptables-wrapper"
	fi
done
rm -rf "$directory"
