# shellcheck shell=sh disable=SC2154 # names set by main.sh and by the steps before
# The Debian root file system in which Bazel runs: Debian's own Bazel, its packaged Bazel modules, and the tools of the
# tests.

# The packages for every command. bazel-*: Bazel and the modules that config.sh overrides.
debian_packages='bazel-bootstrap bazel-lib bazel-rules-shell ca-certificates curl git iproute2 jq'

# The packages for tests and for programs below //tests: both iptables modes, container runtimes and engines, a virtual
# machine for other kernels, and the shells and package tools of the distributions whose layouts are tested. They are
# added if a command may need them.
debian_test_packages='iptables nftables runc podman docker.io docker-cli cosign qemu-system-x86 qemu-user-static make
	shellcheck busybox dash procps strace rpm dnf5 createrepo-c libarchive-tools zstd xz-utils cpio'

# The virtual machines of other architectures, for tests/kernels. They are added if a command names them.
debian_emulator_packages='qemu-system-arm qemu-system-ppc qemu-system-riscv qemu-system-s390x'

# Forky is not released yet, so its Bazel can change. The modules here are for this version.
debian_bazel=7.7

# debian_root [PACKAGES]: prints the path of the root with these packages added. The path depends on the content.
debian_root() {
	echo "$cache/debian-$(key "$suite" "$debian_packages" "$(cat "$here/dpkg.cfg")" "$@")"
}

# find_debian ARGUMENT...: sets debian to the root that a Bazel with these arguments needs. That is the smallest one
# until a command names a test, and then always a larger one, because a Bazel server stays in the root in which it was
# started.
find_debian() {
	debian_base=$(debian_root)
	debian_added="$debian_test_packages $debian_emulator_packages"
	debian=$(debian_root "$debian_added")
	[ ! -d "$debian" ] || return 0
	case " $* " in
	*//tests/kernels:architecture*) return ;;
	esac
	debian_added=$debian_test_packages
	debian=$(debian_root "$debian_added")
	[ ! -d "$debian" ] || return 0
	case " $* " in
	*' test '* | *' coverage '* | *...* | *//tests* | *//tools/release*) ;;
	*) debian=$debian_base ;;
	esac
}

make_debian() {
	prerequisites
	whole "$debian" && return
	find_mirror
	# The root contains a Go only if the machine has none. If the modules are already there, or come in a bundle, the
	# root must be the same.
	command -v go >/dev/null || debian_packages="$debian_packages golang-go"
	whole "$debian_base" || unpack_debian "$debian_base" apt "$debian_packages"
	whole "$debian" || unpack_debian "$debian" custom "$debian_added"
	bazel=$(sed -n '/^Package: bazel-bootstrap$/,/^$/s/^Version: //p' "$debian/var/lib/dpkg/status")
	[ "${bazel#"$debian_bazel".}" != "$bazel" ] ||
		say "Debian $suite has Bazel $bazel, and only $debian_bazel is known to work here: use an earlier --airgap-bundle, or bazelisk"
}

# unpack_debian DIRECTORY VARIANT PACKAGES: VARIANT is mmdebstrap's. With custom, the packages are added to those of
# the base.
unpack_debian() {
	say "Debian $suite: $(echo "$3" | wc -w) packages and what they need"
	begin "$1"
	log=$cache/debian.log
	if [ "$2" = custom ]; then
		# dpkg replaces files and does not write into them, so hard links are enough if the file system supports them.
		cp -al "$debian_base/." "$1.part" 2>/dev/null || cp -a "$debian_base/." "$1.part" || die "$1.part: cannot be copied from $debian_base"
		# mmdebstrap creates the device nodes itself.
		rm -rf "$1.part/dev/"*
	fi
	# In a separate mount and process namespace, which ends with this shell in any case. Otherwise mmdebstrap could
	# continue, and leave its mounts below the directory that the next run must remove. PATH contains only the system's
	# own programs, because mmdebstrap starts Python once for each package. A mirror may be a frozen snapshot, so an
	# expired release file is not an error. Its signature is checked nevertheless.
	setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child --mount-proc env PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		mmdebstrap --aptopt='Acquire::Check-Valid-Until "false"' --dpkgopt="$here/dpkg.cfg" --variant="$2" --skip=check/empty --include="$3" \
		"$suite" "$1.part" "deb [signed-by=$debian_keys] $mirror $suite main" </dev/null >"$log" 2>&1 || {
		reason=$(explain "$log")
		remove "$1.part"
		die "Debian $suite from $mirror: $reason (log: $log); run it again, or set IPTABLES_WRAPPERS_MIRROR to another mirror"
	}
	finish "$1"
	say "Debian $suite: done, $(du -smx "$1" | cut -f1) MB"
}
