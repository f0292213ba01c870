# shellcheck shell=sh
# The demo's requirements on the machine and its kernel, for both ways to get Bazel.

look_at_machine() {
	system=$(uname -s)
	if [ "$system" != Linux ]; then
		missing_here "Linux: firewall rules are made in network namespaces, and this is $system; use a Linux machine or a virtual one"
		return
	fi
	machine=$(uname -m)
	case $machine in
	x86_64 | aarch64) line ok "Linux $(uname -r) on $machine" ;;
	*) missing_here "x86_64 or aarch64: what the demo's container is made for, and this is $machine; use another machine" ;;
	esac
	if [ "$(id -u)" = 0 ]; then
		line ok "root"
		namespaces
	else
		missing_here "root: network namespaces and firewall rules need it; run it as root: sudo ./bazelw ..."
	fi
	backend nf_tables "mode nft" nf_tables_newtable
	backend ip_tables "mode legacy" ipt_register_table
	backend overlay "the demo's containers" ovl_fill_super
}

# namespaces: creates real namespaces, which end with the command.
namespaces() {
	if ! command -v unshare >/dev/null; then
		line unsure "network namespaces: no unshare here to try them with"
	elif said=$(unshare --net --mount true 2>&1); then
		line ok "network and mount namespaces: can be made"
	else
		missing_here "network and mount namespaces: $said; in a container: start it with --privileged"
	fi
}

# backend MODULE WHAT SYMBOL: checks whether the running kernel has a module: loaded, built in, or in the modules
# directory. It loads nothing. A container may not have that directory although the host has it: then the result is
# unsure.
backend() {
	modules_dir=/lib/modules/$(uname -r)
	if grep -q "^$1 " /proc/modules 2>/dev/null; then
		line ok "kernel module $1: loaded, for $2"
	elif grep -q " $3\$" /proc/kallsyms 2>/dev/null || grep -q "/$1\.ko" "$modules_dir/modules.builtin" 2>/dev/null; then
		line ok "kernel module $1: built in, for $2"
	elif grep -q "/$1\.ko" "$modules_dir/modules.dep" 2>/dev/null; then
		line ok "kernel module $1: loaded when it is used, for $2"
	elif [ -r "$modules_dir/modules.dep" ]; then
		missing_here "kernel module $1: for $2; it is not in $modules_dir: install the distribution's package with all modules, or boot a kernel that has it"
	else
		line unsure "kernel module $1: for $2; not loaded, and no $modules_dir here to look in"
	fi
}

# enough_disk DIRECTORY WHAT: checks the directory, or its nearest parent that exists. Figures: tools/airgap/README.md.
enough_disk() {
	dir=$1
	while [ ! -d "$dir" ]; do dir=$(dirname "$dir"); done
	free=$(df -Pk "$dir" | awk 'NR == 2 { print int($4 / 1048576) }')
	# Not the shell's own test: that of busybox reports for root that a read-only disk is writable.
	if ! env test -w "$dir"; then
		missing_here "$1: $2, and it cannot be written; ${3:-set XDG_CACHE_HOME} to a writable directory"
	elif [ "$free" -lt "${4:-6}" ]; then
		missing_here "disk: $free GB free in $1: $2; the demo takes 6, everything 20: make room or ${3:-set XDG_CACHE_HOME} to a directory on another disk"
	else
		line ok "disk: $free GB free in $1: $2; the demo takes 6, everything 20"
	fi
}
