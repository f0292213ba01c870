#!/bin/sh
# Runs the Debian image in gVisor's runsc, which is built from this directory's go.mod, to test the wrapper on a kernel
# that is not Linux. If either mode's own binary works there, the wrapper must work. If none works, the wrapper must
# fail as they do, without a crash. Needs root, Go and Linux. Prints a table at the end. The first run takes four
# minutes, because it builds runsc.
#
# usage: run.sh [LAYER...]    layers of an image with the wrapper; without them, those of //images/debian:trixie_amd64
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
checkout=$(CDPATH='' cd -- "$here/../../.." && pwd -P)

skip() {
	echo "SKIPPED: $*"
	exit 0
}
[ "$(id -u)" = 0 ] || skip "not root: network namespaces and runsc need it"
for program in go nsenter tar unshare; do
	command -v $program >/dev/null || skip "$program is not in PATH"
done
case $(uname -sm) in
"Linux x86_64") ;;
*) skip "the image is for Linux on amd64" ;;
esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/image" "$work/state"
if [ $# = 0 ]; then
	(cd "$checkout" && ./bazelw build //images/debian:trixie_amd64_packages //images/debian:trixie_amd64_wrapper)
	set -- "$checkout"/bazel-bin/images/debian/trixie_amd64_packages.tar.* "$checkout"/bazel-bin/images/debian/trixie_amd64_wrapper.tar.*
fi
for layer; do
	tar -C "$work/image" -xf "$layer"
done
cp "$here/inside.sh" "$work/image/inside.sh"
(cd "$here" && CGO_ENABLED=0 GOWORK=off go build -o "$work/runsc" gvisor.dev/gvisor/runsc)

# in_gvisor ROOT FLAG...: makes the calls in a container with the two capabilities that iptables needs. Its root file
# system is writable or read-only. Written files stay in gVisor's memory.
in_gvisor() {
	read_only=false
	[ "$1" = writable ] || read_only=true
	shift
	cat >"$work/config.json" <<-END
		{
			"ociVersion": "1.0.0",
			"process": {
				"user": {"uid": 0, "gid": 0},
				"args": ["/bin/sh", "/inside.sh"],
				"env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"],
				"cwd": "/",
				"capabilities": {
					"bounding": ["CAP_NET_ADMIN", "CAP_NET_RAW"],
					"effective": ["CAP_NET_ADMIN", "CAP_NET_RAW"],
					"permitted": ["CAP_NET_ADMIN", "CAP_NET_RAW"]
				}
			},
			"root": {"path": "$work/image", "readonly": $read_only},
			"mounts": [
				{"destination": "/proc", "type": "proc", "source": "proc"},
				{"destination": "/run", "type": "tmpfs", "source": "tmpfs"}
			],
			"linux": {"namespaces": [{"type": "mount"}, {"type": "pid"}, {"type": "ipc"}, {"type": "uts"}]}
		}
	END
	# runsc leaves a mount behind, so it runs in a separate mount namespace. gVisor writes to a file from its beginning,
	# so the output goes through a pipe.
	# shellcheck disable=SC2086 # a command
	$enter unshare --mount "$work/runsc" --root "$work/state" --ignore-cgroups --platform systrap --overlay2 root:memory "$@" \
		run --bundle "$work" "iptables-wrappers-$$" </dev/null 2>&1 | cat
}

# enter is the command that starts runsc in another network namespace.
enter=

# said COMMAND: prints the output of a call. status COMMAND: prints its exit status.
said() {
	awk -v command="$1" '/^@/ { on = substr($0, index($0, " ") + 1) == command; next } on' "$work/out"
}
status() {
	sed -n "s/^@\([0-9]*\) $1\$/\1/p" "$work/out"
}

failed=0
fail() {
	echo "FAIL: $*"
	failed=1
}

# judge NETWORK ROOT: compares the results with the rules at the top of this file, and adds a row to the printed table.
judge() {
	decision=$(said "iptables-wrapper detect --output json" | tr -d '\n' | sed -nE 's/.*"mode": *"([a-z]*)".*"reason": *"([a-z-]*)".*/\1 \2/p')
	if [ "$(status "iptables-wrapper detect --output json")" != 0 ] || [ -z "$decision" ]; then
		fail "$1, $2: detect makes no decision"
	fi
	if grep -nE '^(goroutine|panic|fatal error)|Segmentation fault|iptables-wrapper: ' "$work/out"; then
		fail "$1, $2: the wrapper crashed or could not run anything"
	fi
	case $(said "iptables -V") in
	*"(nf_tables)"*) mode=nft ;;
	*"(legacy)"*) mode=legacy ;;
	*) mode=unknown ;;
	esac
	nft=fails legacy=fails wrapper=works
	[ "$(status "iptables-nft -S INPUT")" != 0 ] || nft=works
	[ "$(status "iptables-legacy -S INPUT")" != 0 ] || legacy=works
	for family in iptables ip6tables; do
		for call in "-S" "-A INPUT -p tcp -j ACCEPT" "-S INPUT"; do
			[ "$(status "$family $call")" = 0 ] || wrapper=fails
		done
	done
	case $wrapper,$nft,$legacy in
	works,*)
		for family in iptables ip6tables; do
			[ "$(said "$family -S INPUT")" = "$(said "$family-$mode -S INPUT")" ] ||
				fail "$1, $2: $family and $family-$mode see different rules"
			said "$family -S INPUT" | grep -q -- '-A INPUT -p tcp -j ACCEPT' || fail "$1, $2: $family lost its rule"
		done
		;;
	fails,fails,fails) [ -n "$(said "iptables -S")" ] || fail "$1, $2: iptables fails without a message" ;;
	fails,*) fail "$1, $2: the wrapper fails in mode $mode: $(said "iptables -S")" ;;
	esac
	pinned=no
	[ "$(said "readlink -f /usr/sbin/iptables")" = /usr/sbin/iptables-wrapper ] || pinned=yes
	printf '%-34s %-10s %-14s %-8s %-9s %-12s %-15s %s\n' "$1" "$2" "$decision" "$mode" "$wrapper" "$nft" "$legacy" "$pinned" >>"$work/table"
}

printf '%-34s %-10s %-14s %-8s %-9s %-12s %-15s %s\n' NETWORK ROOT DETECT MODE IPTABLES IPTABLES-NFT IPTABLES-LEGACY PINNED >"$work/table"
for root in writable read-only; do
	for flags in "" "--net-raw" "--net-raw --TESTONLY-nftables"; do
		# shellcheck disable=SC2086 # several flags
		in_gvisor $root --network sandbox $flags >"$work/out"
		grep -q '^@' "$work/out" || skip "runsc runs nothing on this machine: $(tail -n 1 "$work/out")"
		judge "own ${flags:-(default)}" $root
	done
done
# With --network=host, the host is a namespace that is created here, in which kubelet uses a mode.
for mode in nft legacy; do
	unshare --net sleep 60 &
	host=$!
	until [ "$(readlink /proc/$host/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.1; done
	enter="nsenter --net=/proc/$host/ns/net"
	$enter chroot "$work/image" "/usr/sbin/iptables-$mode" -t mangle -N KUBE-IPTABLES-HINT
	in_gvisor writable --network host --net-raw >"$work/out"
	kill $host
	judge "host's, in mode $mode, --net-raw" writable
done
# The output must equal the block in docs/troubleshooting.md.
awk '/^<!-- elsewhere: tests\/engines\/gvisor\/run.sh -->$/ { on = 1; next } on && /^```$/ { exit } on && !/^```/' \
	"$checkout/docs/troubleshooting.md" >"$work/page"
[ -s "$work/page" ] || fail "docs/troubleshooting.md has no block for this program"
sed -n "s/^\$ \(.*\)/echo '$ \1'; \1 2>\&1/p" "$work/page" >"$work/image/inside.sh"
enter=
in_gvisor writable --network sandbox --net-raw >"$work/out"
diff "$work/page" "$work/out" || fail "docs/troubleshooting.md differs from this output"

cat "$work/table"
exit $failed
