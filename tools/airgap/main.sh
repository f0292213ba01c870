#!/bin/sh
# Entry of ./bazelw: chooses the connected or the air-gapped way, and runs the steps of the latter in order.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
checkout=$(CDPATH='' cd -- "$here/../.." && pwd -P)
# shellcheck source=tools/airgap/lib.sh
. "$here/lib.sh"
for part in machine debian gomodules config locks bundle run; do
	# shellcheck source=/dev/null
	. "$here/$part.sh"
done

way=${AIRGAP:-} from='' bundle=''
case ${1:-} in
--airgap) way=1 && shift ;;
--no-airgap) way=0 && shift ;;
--airgap-clean) clean && exit ;;
--airgap-bundle | --airgap-from)
	[ $# -ge 2 ] || die "usage: ./bazelw $1 FILE ..."
	file=$(readlink -m "$2")
	[ "$1" = --airgap-from ] && from=$file || bundle=$file
	way=1 && shift 2
	;;
esac

# bazelisk first: it takes the release that .bazelversion names, where a plain bazel is whatever is installed.
connected=$(command -v bazelisk || command -v bazel || true)
case $way in
0) [ -n "$connected" ] || die "AIRGAP=0: neither bazelisk nor bazel is in PATH; install bazelisk, or drop AIRGAP=0" ;;
1) connected= ;;
'') [ -n "$connected" ] && registry_answers || connected= ;;
*) die "AIRGAP=$way: must be 0, 1 or empty" ;;
esac
# From anywhere else it is this checkout that is meant; inside, it may be a folder of it with a workspace of its own.
folder=$(pwd -P)/
[ "${folder#"$checkout"/}" != "$folder" ] || cd "$checkout"
[ -z "$connected" ] || exec "$connected" "$@"

mkdir -p "$cache/config" "$cache/home" "$cache/tmp" 2>/dev/null ||
	die "$cache: cannot be written; set IPTABLES_WRAPPERS_CACHE to a folder that can"
chmod 1777 "$cache/tmp"
exec 9>"$cache/lock"
flock -n 9 || { say "waiting for another bazelw that is setting up" && flock 9; }
check_cache
[ -z "$from" ] || take_bundle "$from"
find_debian "$@" ${bundle:+test}
find_go_modules
prerequisites
# Without a Go here it is Debian's that gets the modules.
command -v go >/dev/null || make_debian
side_by_side make_debian make_go_modules
make_config
make_locks
[ -z "$bundle" ] || make_bundle "$bundle" "$@"
exec 9>&-
run_bazel "$@"
