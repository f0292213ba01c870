#!/bin/sh
# Runs inside the container of one layout, in the image with the wrapper installed. Tests three steps: a host in legacy
# mode, a new installation, a host in nft mode. All changes are in the container's network namespace.
#
# SBIN   the directory of the binaries
# STATES state files of the alternatives database, if there is one
# CONFS  directories of libalternatives, if they own the names
# OTHERS arptables and ebtables, if their plain names exist
set -eu
: "${STATES=}" "${CONFS=}" "${OTHERS=}"

applets="iptables iptables-restore iptables-save ip6tables ip6tables-restore ip6tables-save"
expected=/usr/share/layouts/expected

fail() {
	echo "FAIL: $*"
	exit 1
}

# end_of APPLET: prints the last file of the applet's symlinks.
end_of() {
	if [ -z "$CONFS" ]; then
		readlink -f "$(command -v "$1")"
		return
	fi
	best=0 binary=
	for conf in "/usr/share/libalternatives/$1"/*.conf; do
		number=${conf##*/}
		number=${number%.conf}
		[ "$number" -gt "$best" ] || continue
		best=$number
		while IFS='=' read -r key value; do
			[ "$key" != binary ] || binary=$value
		done <"$conf"
	done
	readlink -f "$binary"
}

# call APPLET ARGUMENT...: calls the applet. No Debian package contains libalternatives' program, so this function does
# the same: it executes the file in the configuration and keeps argv[0].
call() {
	if [ -z "$CONFS" ]; then
		"$@"
		return
	fi
	applet=$1
	program=$(end_of "$1")
	shift
	env -a "$applet" "$program" "$@"
}

# names_lead_to FILE: checks that every name leads to this file in the wrapper's directory.
names_lead_to() {
	want=$(readlink -f "$SBIN/$1")
	for name in $applets; do
		found=$(end_of "$name")
		[ "$found" = "$want" ] || fail "$name leads to $found, not to $want"
	done
}

# Checks that the wrapper is installed and selected, and that the alternatives database has the content that the
# distribution's program would have written.
installed() {
	names_lead_to iptables-wrapper
	for other in $OTHERS; do
		found=$(readlink -f "$(command -v "$other")")
		[ "$found" = "$(readlink -f "$SBIN/xtables-nft-multi")" ] || fail "$other leads to $found"
	done
	for state in $STATES; do
		want=$(cat "$expected/$state" && echo .)
		found=$(cat "/$state" && echo .)
		[ "$found" = "$want" ] || fail "/$state is
$found"
		query "$state" "$SBIN/iptables-wrapper"
	done
}

# query STATE PATH: checks that the distribution's program, if it is installed here, reports the path as the value of
# the state file's group.
query() {
	type update-alternatives >/dev/null 2>&1 || return 0
	found=$(update-alternatives --admindir "/${1%/*}" --query "${1##*/}")
	case $found in
	*"
Value: $2
"*) ;;
	*) fail "update-alternatives --query ${1##*/} wants Value: $2 and says
$found" ;;
	esac
}

# selected MODE: checks that the database contains the mode as a manual selection.
selected() {
	for state in $STATES; do
		group=${state##*/}
		read -r status <"/$state"
		[ "$status" = manual ] || fail "/$state says $status, not manual"
		path=$(readlink "/etc/alternatives/$group")
		case $path in
		*/"$group-$1" | */"xtables-$1-multi") ;;
		*) fail "/etc/alternatives/$group leads to $path" ;;
		esac
		case $(cat "/$state") in
		*"
$path
"*) ;;
		*) fail "/$state does not have $path" ;;
		esac
		query "$state" "$path"
	done
}

# Selects the wrapper again, with the distribution's own program if it is installed here.
reset() {
	if ! type update-alternatives >/dev/null 2>&1; then
		iptables-wrapper install
		return
	fi
	for state in $STATES; do
		update-alternatives --admindir "/${state%/*}" --auto "${state##*/}"
	done
}

# stored MODE: prints the rules of iptables and ip6tables in this mode.
stored() {
	"$SBIN/xtables-$1-multi" iptables-save
	"$SBIN/xtables-$1-multi" ip6tables-save
}

# host MODE WORD FAMILY: creates kubelet's chain in this mode and family (iptables or ip6tables). iptables prints WORD
# for the mode. The first calls are restores, which must read all of their standard input.
host() {
	"$SBIN/xtables-$1-multi" "$3" -t mangle -N KUBE-IPTABLES-HINT
	for family in iptables ip6tables; do
		call "$family-restore" <<-EOF
			*filter
			-A INPUT -p tcp -m tcp --dport 22 -m comment --comment "$family in $1" -j ACCEPT
			COMMIT
		EOF
	done
	rules=$(stored "$1")
	for family in iptables ip6tables; do
		case $rules in
		*"$family in $1"*) ;;
		*) fail "$family-restore lost its standard input" ;;
		esac
		case $(call "$family" -S) in
		*"$family in $1"*) ;;
		*) fail "$family -S does not show the rule in mode $1" ;;
		esac
	done
	for name in $applets; do
		version=$(call "$name" -V)
		[ "${version##* }" = "($2)" ] || fail "$name -V says $version, not ($2)"
	done
	names_lead_to "xtables-$1-multi"
	selected "$1"
	"$SBIN/xtables-$1-multi" "$3" -t mangle -X KUBE-IPTABLES-HINT
}

installed
host legacy legacy iptables
iptables-wrapper install
installed
host nft nf_tables ip6tables
reset
installed
echo "both modes"
