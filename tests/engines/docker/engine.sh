#!/bin/sh
# Runs a command with a separate Docker engine, which DOCKER_HOST names. It does not see or change other engines.
#
# usage: engine.sh COMMAND...
#
# The engine runs in network, mount and process namespaces. They end with the command, in whatever way it ends, and so
# do all its containers. The engine creates no bridge and no firewall rule. A container has its own network (--network
# none) or that of another container (--network container:NAME), like containers of a pod on a node. Exit status: the
# command's, or 77 if the engine cannot run here, with the reason on standard output.
set -eu

skip() {
	echo "SKIPPED: $*"
	exit 77
}

if [ "${1:-}" != --inside ]; then
	[ $# -gt 0 ] || { echo "usage: engine.sh COMMAND..." >&2 && exit 2; }
	for program in dockerd docker containerd runc unshare; do
		command -v "$program" >/dev/null || skip "$program is not in PATH"
	done
	[ "$(id -u)" = 0 ] || skip "not root: a Docker engine of its own needs it"
	# Not below TEST_TMPDIR, because the path of a socket has at most 107 bytes.
	home=$(mktemp -d /tmp/docker.XXXXXX)
	# Images are large. They may be in memory, if Bazel's tests write there.
	data=$(mktemp -d "${TEST_TMPDIR:-/tmp}/docker.XXXXXX")
	status=0
	unshare --net --mount --pid --fork --kill-child --mount-proc "$0" --inside "$home" "$data" "$@" || status=$?
	find /sys/fs/cgroup -depth -type d -path "*/${home##*/}*" -exec rmdir {} + 2>/dev/null || :
	rm -rf "$home" "$data"
	exit "$status"
fi
home=$2 data=$3
shift 3

export DOCKER_HOST="unix://$home/docker.sock" DOCKER_CONFIG="$home/config"
mkdir "$data/tmp"
echo '{}' >"$home/daemon.json" # not the machine's /etc/docker
# Without this, docker run prints a warning to standard error. The setting belongs to this network namespace.
echo 1 >/proc/sys/net/ipv4/ip_forward

# The cgroups are named after the directory, to distinguish them from those of other engines.
DOCKER_TMPDIR=$data/tmp dockerd --host "$DOCKER_HOST" --data-root "$data/root" --exec-root "$home/run" --pidfile "$home/pid" \
	--config-file "$home/daemon.json" --bridge none --iptables=false --ip6tables=false --userland-proxy=false \
	--exec-opt native.cgroupdriver=cgroupfs --cgroup-parent "/${home##*/}" --log-level warn >"$home/log" 2>&1 &
engine=$!

tries=0
until docker info >/dev/null 2>&1; do
	tries=$((tries + 1))
	if [ $tries -gt 300 ] || ! kill -0 $engine 2>/dev/null; then
		echo "FAIL: dockerd did not start:"
		tail -n 20 "$home/log"
		exit 1
	fi
	sleep 0.1
done

status=0
"$@" || status=$?
docker ps --quiet | xargs -r docker rm --force >/dev/null 2>&1 || :
kill $engine 2>/dev/null || :
wait $engine || :
exit "$status"
