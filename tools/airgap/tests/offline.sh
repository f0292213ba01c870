#!/usr/bin/env bash
# Uses a bundle of this commit without a network: in a network namespace that contains only lo, with another checkout,
# an empty cache, and no Go and no Bazel in PATH. There it runs both commands of the README.
#
# usage: tools/airgap/tests/offline.sh DIRECTORY [TEST-TARGET...]     default: //...
#
# DIRECTORY must be outside the checkout and have 30 GB of free space.
set -euo pipefail
cd "$(dirname "$0")/../../.."
dir=$(realpath "$1")
shift
[ $# -gt 0 ] || set -- //...

[ -e "$dir/bundle" ] || ./bazelw --airgap-bundle "$dir/bundle" "$@" //:demo
./bazelw --airgap shutdown
rm -rf "$dir/checkout" "$dir/cache"
git clone --quiet . "$dir/checkout"

unshare --net bash -euo pipefail -s "$dir" "$@" <<'END'
dir=$1
shift
ip link set lo up
cd "$dir/checkout"
export HOME=$dir/home IPTABLES_WRAPPERS_CACHE=$dir/cache PATH=/usr/sbin:/usr/bin:/sbin:/bin
unset GOPROXY GOFLAGS
for program in go bazel bazelisk; do
	! command -v "$program" || exit 1
done
time ./bazelw --airgap-from "$dir/bundle" run //:demo
time ./bazelw test "$@"
./bazelw shutdown
END
