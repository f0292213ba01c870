#!/bin/sh
# Runs after the package is installed, upgraded or configured again, in every format and with any arguments. It installs
# the wrapper in place of iptables. The first run records the previous state for preremove.sh. Runs in dash, busybox ash
# and bash.
set -eu

before=/var/lib/iptables-wrapper/before

# state NAME: prints the file in which the distribution's alternatives program stores a group.
state() {
	for file in "/var/lib/dpkg/alternatives/$1" "/var/lib/alternatives/$1"; do
		if [ -f "$file" ]; then
			echo "$file"
			return
		fi
	done
}

# record_group NAME: prints "group NAME auto", or "group NAME manual PATH" if the user chose a path. If the wrapper was
# registered manually in the group, the user's earlier choice is unknown, so "auto" is recorded.
record_group() {
	file=$(state "$1")
	if [ -n "$file" ]; then
		read -r status <"$file"
		! grep -q '/iptables-wrapper$' "$file" || status=auto
		echo "group $1 $status $(readlink "/etc/alternatives/$1" || :)"
	fi
}

# record_name PATH: prints "link PATH TARGET" or "absent PATH". A symlink to the wrapper was created manually, and
# cannot be restored.
record_name() {
	if [ -L "$1" ]; then
		target=$(readlink "$1")
		case $target in
		iptables-wrapper | */iptables-wrapper) ;;
		*) echo "link $1 $target" ;;
		esac
	elif [ ! -e "$1" ]; then
		echo "absent $1"
	fi
}

record() {
	record_group iptables
	record_group ip6tables
	for dir in /usr/sbin /sbin /usr/bin; do
		for name in iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore; do
			record_name "$dir/$name"
		done
	done
}

if [ ! -e "$before" ]; then
	mkdir -p "${before%/*}"
	record >"$before.new"
	mv "$before.new" "$before"
fi
if ! /usr/sbin/iptables-wrapper install; then
	echo "iptables-wrapper: iptables was not changed: fix the problem above, then run: iptables-wrapper install" >&2
	exit 1
fi
