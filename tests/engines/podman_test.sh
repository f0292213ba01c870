#!/bin/sh
# Loads the archive into a container engine and runs the image with only the two capabilities that iptables needs. In a
# network namespace with a kubelet chain in legacy, the wrapper must execute the legacy binary; with a chain in nft, the
# nft binary.
#
# usage: engine_test.sh ARCHIVE IMAGE
set -eu

archive=$1 image=$2

# A separate storage directory, which is removed at the end. The driver vfs has no requirements on the kernel or the
# file system.
home=$(mktemp -d "${TEST_TMPDIR:-/tmp}/engine.XXXXXX")
namespaces=
clean() {
	engine rm --all --force --time 0 >/dev/null 2>&1 || :
	for process in $namespaces; do
		kill "$process" 2>/dev/null || :
	done
	rm -rf "$home"
}
trap clean EXIT
mkdir "$home/tmp" "$home/config"
printf '[containers]\nlog_driver = "k8s-file"\n' >"$home/config/containers.conf"
export PODMAN_IGNORE_CGROUPSV1_WARNING=1 TMPDIR="$home/tmp" HOME="$home" XDG_CONFIG_HOME="$home/config" CONTAINERS_CONF="$home/config/containers.conf"

engine() {
	podman --root "$home/storage" --runroot "$home/run" --tmpdir "$home/run/tmp" --storage-driver vfs --runtime runc \
		--cgroup-manager cgroupfs --events-backend none "$@"
}

fail() {
	echo "FAIL: $*"
	exit 1
}

# new_namespace: creates a network namespace, and sets $namespace to a process in it. The namespace exists as long as
# this process.
new_namespace() {
	unshare --net sleep 600 &
	namespace=$!
	namespaces="$namespaces $namespace"
	while [ "$(readlink "/proc/$namespace/ns/net")" = "$(readlink /proc/self/ns/net)" ]; do
		sleep 0.05
	done
}

# run NAME COMMAND...: runs a command in a new container in the namespace.
run() {
	name=$1
	shift
	engine run --name "$name" --network "ns:/proc/$namespace/ns/net" \
		--ulimit nofile=1024:1024 --ulimit nproc=1024:1024 \
		--cap-drop all --cap-add NET_ADMIN --cap-add NET_RAW "$image" "$@"
}

# follow PATH: prints where a path of the root file system $root leads, after all symlinks.
follow() {
	path=$1
	while [ -L "$root$path" ]; do
		target=$(readlink "$root$path")
		case $target in
		/*) path=$target ;;
		*) path=${path%/*}/$target ;;
		esac
	done
	echo "$path"
}

# check MODE WORD: checks that after the first call all six names lead to the mode's binary, and that a call prints
# WORD.
check() {
	run "$1" iptables -S
	root=$(engine mount "$1")
	for applet in iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore; do
		[ "$(follow "/usr/sbin/$applet")" = "/usr/sbin/xtables-$1-multi" ] ||
			fail "$applet leads to $(follow "/usr/sbin/$applet"), not to mode $1"
	done
	version=$(run "$1-version" iptables --version)
	case $version in
	*"$2"*) echo "$1: $version" ;;
	*) fail "in mode $1, iptables says: $version" ;;
	esac
}

engine load --input "$archive"
[ "$(engine image inspect --format '{{.Architecture}}' "$image")" = amd64 ] || fail "another architecture was loaded"

new_namespace
run legacy-hint iptables-legacy -t mangle -N KUBE-IPTABLES-HINT
run nft-rule iptables-nft -t mangle -N UNRELATED
check legacy "(legacy)"

new_namespace
run nft-hint ip6tables-nft -t mangle -N KUBE-KUBELET-CANARY
run legacy-rule iptables-legacy -A INPUT -p tcp --dport 80 -j ACCEPT
check nft "(nf_tables)"
