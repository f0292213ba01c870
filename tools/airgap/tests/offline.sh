#!/usr/bin/env bash
# Uses a bundle of this commit without a network: in a network namespace that contains only lo, with another checkout,
# an empty cache, and no Go and no Bazel in PATH. There it runs both commands of the README.
#
# usage: tools/airgap/tests/offline.sh DIRECTORY [TEST-TARGET...]     default: //...
#
# DIRECTORY must be outside the checkout and have 30 GB of free space.
set -euo pipefail
cd "$(dirname "$0")/../../.."
folder=$(realpath "$1")
shift
[ $# -gt 0 ] || set -- //...

[ -e "$folder/bundle" ] || ./bazelw --airgap-bundle "$folder/bundle" "$@" //:demo
./bazelw --airgap shutdown
rm -rf "$folder/checkout" "$folder/cache"
git clone --quiet . "$folder/checkout"

unshare --net bash -euo pipefail -s "$folder" "$@" <<'END'
folder=$1
shift
ip link set lo up
cd "$folder/checkout"
export HOME=$folder/home IPTABLES_WRAPPERS_CACHE=$folder/cache PATH=/usr/sbin:/usr/bin:/sbin:/bin
unset GOPROXY GOFLAGS
for program in go bazel bazelisk; do
	! command -v "$program" || exit 1
done
time ./bazelw --airgap-from "$folder/bundle" run //:demo
time ./bazelw test "$@"
./bazelw shutdown
END
