# shellcheck shell=sh disable=SC2154 # names set by main.sh and by the steps before
# The Debian root file system in which Bazel runs: Debian's own Bazel, its packaged Bazel modules, and the tools of the
# tests.

# The packages for every command. bazel-*: Bazel and the modules that config.sh overrides. rules_oci needs jq and zstd.
debian_packages='bazel-bootstrap bazel-rules-shell ca-certificates curl default-jre-headless iproute2 jq zstd'

# Packages that bazel-bootstrap depends on for rules of C++, Java and Python. The checkout has no such target, and
# Bazel's server itself needs only the Java runtime. An empty package provides them, which saves two thirds of the
# download. A dependency on a version of one of them would be an apt error, because a package that is provided has no
# version. Of the other packages, only rpm depends on one: on Python, for scripts of rpmbuild that no test runs.
debian_omitted='build-essential, default-jdk-headless, python3, zlib1g-dev'

# The packages for tests and for programs below //tests: both iptables modes, container runtimes and engines, a virtual
# machine for other kernels, and the shells and package tools of the distributions whose layouts are tested. crane is
# what oci_push runs. They are added if a command may need them.
debian_test_packages='iptables nftables runc podman docker.io docker-cli cosign crane qemu-system-x86 qemu-user-static git
	make shellcheck busybox dash procps strace rpm dnf5 createrepo-c libarchive-tools bzip2 xz-utils cpio'

# The virtual machines of other architectures, for tests/kernels. They are added if a command names them.
debian_emulator_packages='qemu-system-arm qemu-system-ppc qemu-system-riscv qemu-system-s390x'

# Forky is not released yet, so its Bazel can change. The modules here are for this version.
debian_bazel=7.7

# debian_root [PACKAGES]: prints the path of the root with these packages added. The path depends on the content.
debian_root() {
	echo "$cache/debian-$(key "$suite" "$debian_packages" "$debian_omitted" "$(cat "$here/dpkg.cfg")" "$@")"
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
	*' test '* | *' coverage '* | *...* | *//tests* | *//tools/release* | *push*) ;;
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

# omit_debian: makes omitted.deb, an empty package that provides those of debian_omitted. "allowed" also provides
# python3:any.
omit_debian() {
	mkdir -p "$cache/omitted/DEBIAN"
	chmod 0755 "$cache/omitted/DEBIAN"
	cat >"$cache/omitted/DEBIAN/control" <<-END
		Package: airgap-omitted
		Version: 1
		Architecture: all
		Multi-Arch: allowed
		Maintainer: bazelw <root@localhost>
		Provides: $debian_omitted
		Description: packages that nothing in this root uses
	END
	dpkg-deb --root-owner-group --build "$cache/omitted" "$cache/omitted.deb"
}

# unpack_debian DIRECTORY VARIANT PACKAGES: VARIANT is mmdebstrap's. With custom, the packages are added to those of
# the base.
unpack_debian() {
	root=$1 variant=$2 packages=$3
	say "Debian $suite: $(echo "$packages" | wc -w) packages and what they need"
	begin "$root"
	log=$cache/debian.log
	if [ "$variant" = custom ]; then
		set -- --dpkgopt="$here/dpkg.cfg"
		# dpkg replaces files and does not write into them, so hard links are enough if the file system supports them.
		cp -al "$debian_base/." "$root.part" 2>/dev/null || cp -a "$debian_base/." "$root.part" || die "$root.part: cannot be copied from $debian_base"
		# mmdebstrap creates the device nodes itself.
		rm -rf "$root.part/dev/"*
	else
		omit_debian >"$log" 2>&1 || die "$cache/omitted.deb: $(explain "$log") (log: $log)"
		# When the setup hooks run, the root contains only directories, and apt has not selected packages. With --dpkgopt
		# instead of the first hook, mmdebstrap would start a filter in Python for each essential package. It unpacks these
		# itself before dpkg installs them, so the last hook removes the files that dpkg.cfg excludes.
		# shellcheck disable=SC2016 # the variables are the hooks', and $1 is the root
		set -- --setup-hook='mkdir -p "$1/etc/dpkg/dpkg.cfg.d" && cp "$here/dpkg.cfg" "$1/etc/dpkg/dpkg.cfg.d/airgap"' \
			--setup-hook='dpkg --root="$1" --install "$cache/omitted.deb"' \
			--extract-hook='cd "$1/usr/share" && rm -rf doc info locale && find man ! -type d -delete'
	fi
	# In a separate mount and process namespace, which ends with this shell in any case. Otherwise mmdebstrap could
	# continue, and leave its mounts below the directory that the next run must remove. A mirror may be a frozen snapshot,
	# so an expired release file is not an error. Its signature is checked nevertheless.
	setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child --mount-proc \
		env PATH=/usr/sbin:/usr/bin:/sbin:/bin here="$here" cache="$cache" \
		mmdebstrap --aptopt='Acquire::Check-Valid-Until "false"' --variant="$variant" --skip=check/empty --include="$packages" "$@" \
		"$suite" "$root.part" "deb [signed-by=$debian_keys] $mirror $suite main" </dev/null >"$log" 2>&1 || {
		reason=$(explain "$log")
		remove "$root.part"
		die "Debian $suite from $mirror: $reason (log: $log); run it again, or set IPTABLES_WRAPPERS_MIRROR to another mirror"
	}
	finish "$root"
	say "Debian $suite: done, $(du -smx "$root" | cut -f1) MB"
}
