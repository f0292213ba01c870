#!/bin/sh
# Runs inside the container of one layout, over the image with the wrapper installed, and goes through a life of it: a
# legacy host, the wrapper installed again, an nft host. Nothing is outside of the container's own network namespace.
#
# SBIN   the directory of the binaries
# STATES state files of the alternatives database, if there is one
# CONFS  directories of libalternatives, if they own the names
# OTHERS arptables and ebtables, if their plain names are there
set -eu
: "${STATES=}" "${CONFS=}" "${OTHERS=}"

applets="iptables iptables-restore iptables-save ip6tables ip6tables-restore ip6tables-save"
expected=/usr/share/layouts/expected

fail() {
	echo "FAIL: $*"
	exit 1
}

# The program that a call of applet $1 ends at.
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

# Calls applet $1 with the rest. The program of libalternatives is in no package of Debian; it would execute what its
# configuration names and keep argv[0], and so does this.
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

# Every name leads to file $1 beside the wrapper.
names_lead_to() {
	want=$(readlink -f "$SBIN/$1")
	for name in $applets; do
		found=$(end_of "$name")
		[ "$found" = "$want" ] || fail "$name leads to $found, not to $want"
	done
}

# The wrapper is installed and selected, and the database is what its own program would have written.
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

# The database has path $2 selected by hand in the group of state file $1, or as its own program has it, if it is here.
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

# The database says that the mode, $1, was selected by hand, as is true.
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

# Goes back to the wrapper by the distribution's own program, if it is here.
reset() {
	if ! type update-alternatives >/dev/null 2>&1; then
		iptables-wrapper install
		return
	fi
	for state in $STATES; do
		update-alternatives --admindir "/${state%/*}" --auto "${state##*/}"
	done
}

# What is stored in mode $1 by iptables and ip6tables.
stored() {
	"$SBIN/xtables-$1-multi" iptables-save
	"$SBIN/xtables-$1-multi" ip6tables-save
}

# The host uses mode $1, which iptables calls $2, and says so in a hint chain of family $3 (iptables or ip6tables). The
# first calls are restores: each must keep its standard input.
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
