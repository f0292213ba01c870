# shellcheck shell=sh disable=SC2154 # names set by main.sh and by the steps before
# The Debian root file system that Bazel runs in: Debian's own Bazel, its packaged Bazel modules, and what the tests use.

# What every command needs. bazel-*: Bazel and the modules that config.sh overrides.
debian_packages='bazel-bootstrap bazel-lib bazel-rules-shell ca-certificates curl git iproute2 jq'

# What tests run, and programs below //tests: both iptables modes, container runtimes and engines, a machine for other
# kernels, the shells and package tools of the distributions whose layouts are tested. Added when a command may need them.
debian_test_packages='iptables nftables runc podman docker.io docker-cli cosign qemu-system-x86 qemu-user-static make
	shellcheck busybox dash procps strace rpm dnf5 createrepo-c libarchive-tools zstd xz-utils cpio'

# The machines of other architectures, for tests/kernels. Added when a command names them.
debian_emulator_packages='qemu-system-arm qemu-system-ppc qemu-system-riscv qemu-system-s390x'

# Forky is not released yet and its Bazel can move on; the modules here are for this one.
debian_bazel=7.7

# debian_root [PACKAGES]: prints the path of the root with these packages added, which its content determines.
debian_root() {
	echo "$cache/debian-$(key "$suite" "$debian_packages" "$(cat "$here/dpkg.cfg")" "$@")"
}

# find_debian ARGUMENT...: sets debian to the root that a Bazel with these arguments needs: the smallest one until a command
# names a test, and a larger one from then on, since a Bazel server has the root that it was started in.
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
	whole "$debian" && return
	find_mirror
	# With a Go only where none makes the Go modules: what has them already, or gets them in a bundle, is the same root.
	command -v go >/dev/null || debian_packages="$debian_packages golang-go"
	whole "$debian_base" || unpack_debian "$debian_base" apt "$debian_packages"
	whole "$debian" || unpack_debian "$debian" custom "$debian_added"
	bazel=$(sed -n '/^Package: bazel-bootstrap$/,/^$/s/^Version: //p' "$debian/var/lib/dpkg/status")
	[ "${bazel#"$debian_bazel".}" != "$bazel" ] ||
		say "Debian $suite has Bazel $bazel, and only $debian_bazel is known to work here: use an earlier --airgap-bundle, or bazelisk"
}

# unpack_debian FOLDER VARIANT PACKAGES: VARIANT is mmdebstrap's; with custom the packages are added to the base's.
unpack_debian() {
	say "Debian $suite: $(echo "$3" | wc -w) packages and what they need"
	begin "$1"
	log=$cache/debian.log
	if [ "$2" = custom ]; then
		# dpkg replaces files and does not write into them, so links are enough where there can be any.
		cp -al "$debian_base/." "$1.part" 2>/dev/null || cp -a "$debian_base/." "$1.part" || die "$1.part: cannot be copied from $debian_base"
		# mmdebstrap makes the device nodes itself.
		rm -rf "$1.part/dev/"*
	fi
	# In a mount and process namespace of its own, which ends with this shell however that ends: mmdebstrap would go on, and
	# leave its mounts below the folder that the next run has to remove. With the system's own programs, since it starts
	# Python once for each package.
	# A mirror may be a frozen snapshot, so a release file past its date is no error; its signature is checked all the same.
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
