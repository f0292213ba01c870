#!/bin/sh
# After the package is installed, upgraded or configured again, in every format: whatever the arguments, the wrapper is to stand
# in for iptables. The first time, what is there before is written down for preremove.sh. Runs in dash, busybox ash and bash.
set -eu

before=/var/lib/iptables-wrapper/before

# state NAME: the file in which the distribution's alternatives program keeps that group.
state() {
	for file in "/var/lib/dpkg/alternatives/$1" "/var/lib/alternatives/$1"; do
		if [ -f "$file" ]; then
			echo "$file"
			return
		fi
	done
}

# record_group NAME: "group NAME auto", or "group NAME manual PATH" if somebody chose. In a group that the wrapper was registered in
# by hand nobody knows whose choice it is.
record_group() {
	file=$(state "$1")
	if [ -n "$file" ]; then
		read -r status <"$file"
		! grep -q '/iptables-wrapper$' "$file" || status=auto
		echo "group $1 $status $(readlink "/etc/alternatives/$1" || :)"
	fi
}

# record_name PATH: "link PATH TARGET", or "absent PATH"; a link to the wrapper was made by hand, and is nothing to go back to.
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
	echo "iptables-wrapper: iptables is as it was; when the above is seen to, run: iptables-wrapper install" >&2
	exit 1
fi
