# shellcheck shell=sh disable=SC2154 # names set by main.sh and by the steps before
# The Debian root file system that Bazel runs in: Debian's own Bazel, its packaged Bazel modules, and what the tests use.

# bazel-*: Bazel 7.7.1 and the modules that config.sh overrides.
# The rest is what tests run: both iptables modes, container runtimes and engines, a machine for other kernels, the shells and
# package tools of the distributions whose layouts are tested.
debian_packages='bazel-bootstrap bazel-lib bazel-rules-shell ca-certificates cosign git
	iptables nftables iproute2 runc podman docker.io docker-cli qemu-system-x86 jq shellcheck busybox dash procps strace
	rpm dnf createrepo-c libarchive-tools zstd xz-utils cpio'

# Pages, translations and icons that nothing here reads. The folders of the manual stay: alternatives link into them.
debian_excludes='/usr/share/man/*.gz /usr/share/doc/* /usr/share/locale/* /usr/share/info/* /usr/share/icons/*'

make_debian() {
	# shellcheck disable=SC2086,SC2116 # joins the lines
	packages=$(echo $debian_packages)
	command -v go >/dev/null || packages="$packages golang-go"
	debian=$cache/debian-$(key "$suite" "$packages" "$debian_excludes")
	[ ! -d "$debian" ] || { touch "$debian" && return; }
	find_mirror
	say "Debian $suite: unpacking $(echo "$packages" | wc -w) packages and what they need (about 90 s)"
	begin "$debian"
	log=$cache/debian.log
	set -f
	set --
	for pattern in $debian_excludes; do set -- "$@" --dpkgopt="path-exclude=$pattern"; done
	set +f
	# In a mount and process namespace of its own, which ends with this shell however that ends: mmdebstrap would go on, and
	# leave its mounts below the folder that the next run has to remove.
	# A mirror may be a frozen snapshot, so a release file past its date is no error; its signature is checked all the same.
	setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child --mount-proc \
		mmdebstrap --variant=apt --aptopt='Acquire::Check-Valid-Until "false"' --dpkgopt=force-unsafe-io "$@" \
		--include="$(echo "$packages" | tr ' ' ,)" "$suite" "$debian.part" "deb [signed-by=$debian_keys] $mirror $suite main" \
		</dev/null >"$log" 2>&1 || {
		reason=$(explain "$log")
		remove "$debian.part"
		die "Debian $suite from $mirror: $reason (log: $log)"
	}
	finish "$debian"
}
