#!/bin/bash
# Tests the output of ./bazelw doctor on machines that lack something. The kernel makes each machine from this one: a
# network namespace that contains only this test's mirror, a root with only busybox, a small or read-only disk, fewer
# privileges, or fewer programs in PATH. All run in both shells that are sh on Debian and Alpine.
set -euo pipefail
if [ -z "${DOCTOR_TEST_INSIDE:-}" ]; then
	DOCTOR_TEST_INSIDE=1 exec unshare --net --mount "$BASH" "$0" "$@"
fi
# Debian's smallest roots have no mount.
mount() { busybox mount "$@"; }
umount() { busybox umount "$@"; }
# Readable for all users, removed with the namespace, and nominally large enough for the demo on every machine.
work=/mnt
mount -t tmpfs -o size=8g,mode=755 work "$work"
checkout=$work/checkout
mkdir -p "$work/site/debian/dists/forky" "$checkout"
cp -RL bazelw .bazelrc MODULE.bazel tools tests "$checkout"
chmod -R u+w,a+rX "$checkout"
# A directory that is in no list of the doctor.
mkdir -p "$checkout/new/dir"
echo '    target_compatible_with = ["@machine//:apk"],' >"$checkout/new/dir/BUILD.bazel"
chmod a+rx "$checkout/bazelw" "$checkout/tools/airgap/main.sh"
ip link set lo up

# The files of a mirror and of a module proxy that the doctor requests.
printf 'Origin: Debian\nCodename: forky\n' >"$work/site/debian/dists/forky/InRelease"
version=$(sed -nE 's/^bazel_dep\(name = "rules_go", version = "(.*)"\)/\1/p' MODULE.bazel)
mkdir -p "$work/site/go/github.com/bazelbuild/rules_go/@v"
echo "{\"Version\": \"v$version\"}" >"$work/site/go/github.com/bazelbuild/rules_go/@v/v$version.info"
busybox httpd -f -p 127.0.0.1:8080 -h "$work/site" &
server=$!
trap 'kill "$server"' EXIT
export IPTABLES_WRAPPERS_MIRROR=http://127.0.0.1:8080/debian GOPROXY=http://127.0.0.1:8080/go IPTABLES_WRAPPERS_CACHE=$work/cache TMPDIR=/tmp
unset AIRGAP
failed=0

fail() {
	printf 'FAIL %s: %s\n%s\n' "$name" "$1" "$said"
	failed=1
}

# says NAME STATUS COMMAND...: runs the command and checks its status. have and lack then check its output against
# patterns of lines.
says() {
	name=$1
	status=0
	said=$("${@:3}" 2>&1) || status=$?
	[ "$status" = "$2" ] || fail "exit status $status, want $2"
}
have() { for line in "$@"; do grep -qE -- "$line" <<<"$said" || fail "no line like: $line"; done; }
lack() { for line in "$@"; do ! grep -qE -- "$line" <<<"$said" || fail "a line like: $line"; done; }

# path NAME PROGRAM...: prints a PATH with all programs of this one, except for these.
path() {
	mkdir -p "$work/$1"
	for dir in /sbin /bin /usr/sbin /usr/bin; do ln -sf "$dir"/* "$work/$1"; done
	for program in "${@:2}"; do rm -f "$work/$1/$program"; done
	echo "$work/$1"
}
without_bazel=$(path without_bazel bazel bazelisk)
for shell in "dash" "busybox sh"; do
	read -ra words <<<"$shell"
	words[0]=$(command -v "${words[0]}")
	run=(env "PATH=$without_bazel" "${words[@]}")

	# Help must work without HOME, network or a writable directory.
	mkdir -p "$work/two"
	ln -sf "$(command -v cat)" "$(command -v dirname)" "$(command -v date)" "$work/two"
	ln -sf "${words[0]}" "$work/two/sh"
	mount --bind "$checkout" "$checkout"
	mount -o remount,bind,ro "$checkout"
	says "$shell: help" 0 env -i "PATH=$work/two" "${words[@]}" "$checkout/bazelw" --help
	[ "$said" = "$(cat tools/airgap/help.txt)" ] || fail "not help.txt"
	umount "$checkout"

	run+=("$checkout/tools/airgap/main.sh")
	says "$shell: no file for a bundle" 1 "${run[@]}" --airgap-bundle
	have '^bazelw: --airgap-bundle: no FILE after it: .*--help'
	says "$shell: AIRGAP=2" 1 env AIRGAP=2 "${run[@]}" info
	have '^bazelw: AIRGAP=2: must be 0, 1 or empty; .*--help'
	says "$shell: no Bazel for AIRGAP=0" 1 "${run[@]}" --no-airgap doctor
	have 'neither bazelisk nor bazel is in PATH; install bazelisk \(https://'

	before=$(find "$checkout" | sort)
	says "$shell: everything that can be had" 0 "${run[@]}" doctor
	have '^way +air-gapped: neither bazelisk' '^ok +root$' '^ok +network and mount namespaces' '^ok +disk: ' \
		"^ok +Debian mirror: $IPTABLES_WRAPPERS_MIRROR has forky" "^ok +Go module proxy: $GOPROXY has rules_go $version" \
		'^tests +apk: not here; .* tests in new/dir; no package of Debian' '^result +nothing is missing'
	lack '^MISSING'
	[ ! -e "$work/cache" ] || fail "the cache was made"
	[ "$before" = "$(find "$checkout" | sort)" ] || fail "the checkout was changed"

	says "$shell: no curl, no wget" 0 env "PATH=$(path without_curl bazel bazelisk curl wget)" "${words[@]}" "$checkout/bazelw" doctor
	have "^ok +Go module proxy: $GOPROXY"
	says "$shell: no proxy" 1 env GOPROXY=http://127.0.0.1:1/go "${run[@]}" doctor
	have '^MISSING +Go module proxy: http://127.0.0.1:1/go/.*; set GOPROXY' '^result +1 MISSING'
	says "$shell: no proxy named" 0 env -u GOPROXY "PATH=$(path without_go bazel bazelisk go)" "${words[@]}" "$checkout/bazelw" doctor
	have '^unsure +Go module proxy: GOPROXY is not set' '^result +nothing is missing'
	says "$shell: no proxy wanted" 1 env GOPROXY=off "${run[@]}" doctor
	have '^MISSING +a Go module proxy: GOPROXY begins with off'
	says "$shell: no mirror" 1 env IPTABLES_WRAPPERS_MIRROR=http://127.0.0.1:1/debian "${run[@]}" doctor
	have '^MISSING +no Debian mirror: none of http://127.0.0.1:1/debian serves forky: does not answer: .*IPTABLES_WRAPPERS_MIRROR'

	# The choice of the way depends on a program of that name, which is not run.
	mkdir -p "$work/bazel"
	ln -sf "$(command -v busybox)" "$work/bazel/bazel"
	says "$shell: a Bazel, and no registry" 0 env "PATH=$work/bazel:$without_bazel" "${words[@]}" "$checkout/bazelw" doctor
	have '^way +air-gapped: .*bazel is in PATH, but the Bazel Central Registry does not answer'
	says "$shell: a Bazel that is insisted on" 0 env "PATH=$work/bazel:$without_bazel" XDG_CACHE_HOME="$work" "${words[@]}" "$checkout/bazelw" --no-airgap doctor
	have '^way +connected: AIRGAP=0 or --no-airgap' '^ok +bash' '^ok +disk: '

	says "$shell: not root" 1 setpriv --reuid 65534 --regid 65534 --clear-groups "${run[@]}" doctor
	have '^MISSING +root: .*sudo'
	says "$shell: no CAP_SYS_ADMIN" 1 setpriv --bounding-set -sys_admin --inh-caps -sys_admin "${run[@]}" doctor
	have '^MISSING +network and mount namespaces: .*; in a container: start it with --privileged'

	mkdir -p "$work/small" "$work/sealed"
	mount -t tmpfs -o size=64k small "$work/small"
	says "$shell: small disk" 1 env "IPTABLES_WRAPPERS_CACHE=$work/small/cache" "${run[@]}" doctor
	have "^MISSING +disk: 0 GB free in $work/small/cache: .*IPTABLES_WRAPPERS_CACHE"
	mount -t tmpfs -o ro sealed "$work/sealed"
	says "$shell: read-only disk" 1 env "IPTABLES_WRAPPERS_CACHE=$work/sealed/cache" "${run[@]}" doctor
	have "^MISSING +$work/sealed/cache: .*cannot be written; set IPTABLES_WRAPPERS_CACHE"
	umount "$work/small" "$work/sealed"
	says "$shell: no HOME" 1 env -u HOME -u XDG_CACHE_HOME -u IPTABLES_WRAPPERS_CACHE "${run[@]}" doctor
	have '^MISSING +HOME: not set'

	# Only busybox, as on Alpine without added packages.
	bare=$work/bare
	mkdir -p "$bare/bin" "$bare/proc" "$bare/dev"
	for file in "$(command -v busybox)" $(ldd "$(command -v busybox)" | grep -o '/[^ ]*'); do
		mkdir -p "$bare/$(dirname "$file")"
		cp -L "$file" "$bare/$file"
	done
	cp -L "$(command -v busybox)" "$bare/bin/busybox"
	/usr/sbin/chroot "$bare" /bin/busybox --install -s /bin
	cp -R "$checkout" "$bare/checkout"
	mount -t proc proc "$bare/proc"
	says "$shell: busybox alone" 1 env -i PATH=/bin HOME=/ /usr/sbin/chroot "$bare" /checkout/bazelw doctor
	have '^way +air-gapped' '^ok +root$' '^MISSING +coreutils: "realpath -ms /" does not work here.*; ' '^MISSING +util-linux: "setpriv' '^result +[0-9]+ MISSING'
	lack 'not found' 'applet' 'unbound|parameter'
	says "$shell: a command with busybox alone" 1 env -i PATH=/bin HOME=/ /usr/sbin/chroot "$bare" /checkout/bazelw info
	[ "$said" = "bazelw: realpath: not GNU's, which the air-gapped way needs; ./bazelw doctor lists what this machine lacks" ] || fail "something else"
	umount "$bare/proc"
done
exit "$failed"
