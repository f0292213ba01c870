#!/bin/sh
# Entry point of ./bazelw: chooses the connected or the air-gapped way, and runs the steps of the latter in order. The
# connected way must work on every POSIX system, such as a Mac, so its part uses only POSIX features.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
checkout=$(CDPATH='' cd -- "$here/../.." && pwd -P)
# shellcheck source=tools/airgap/lib.sh
. "$here/lib.sh"
for part in way machine debian gomodules config locks bundle run; do
	# shellcheck source=/dev/null
	. "$here/$part.sh"
done

way=${AIRGAP:-} from='' bundle=''
case ${1:-} in
-h | --help) exec cat "$here/help.txt" ;;
--airgap) way=1 && shift ;;
--no-airgap) way=0 && shift ;;
--airgap-clean)
	need_linux "$1"
	find_cache
	clean
	exit
	;;
--airgap-bundle | --airgap-from)
	[ $# -ge 2 ] || die "$1: no FILE after it: ./bazelw $1 FILE ...; ./bazelw --help says more"
	need_linux "$1"
	file=$(readlink -m "$2")
	[ "$1" = --airgap-from ] && from=$file || bundle=$file
	way=1 && shift 2
	;;
esac

choose_way "$way"
if [ "${1:-}" = doctor ]; then
	# shellcheck source=tools/airgap/doctor/doctor.sh
	. "$here/doctor/doctor.sh"
fi
# Outside of the checkout, the command applies to this checkout. Inside, it may apply to a directory with another
# workspace.
folder=$(pwd -P)/
[ "${folder#"$checkout"/}" != "$folder" ] || cd "$checkout"
[ -z "$connected" ] || { expect_bazel && exec "$connected" "$@"; }

need_linux "$why"
find_cache
mkdir -p "$cache/config" "$cache/home" "$cache/tmp" 2>/dev/null ||
	die "$cache: cannot be written; set IPTABLES_WRAPPERS_CACHE to a writable directory"
chmod 1777 "$cache/tmp"
exec 9>"$cache/lock"
flock -n 9 || { say "waiting for another bazelw that is setting up" && flock 9; }
check_cache
[ -z "$from" ] || take_bundle "$from"
find_debian "$@" ${bundle:+test}
find_go_modules
need_root
# Without Go on the machine, the one in the Debian root downloads the modules. The machine's own Go needs certificates.
{ command -v go && ca_bundle; } >/dev/null || make_debian
side_by_side make_debian make_go_modules
make_config
make_locks
[ -z "$bundle" ] || make_bundle "$bundle" "$@"
exec 9>&-
run_bazel "$@"
