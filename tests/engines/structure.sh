#!/bin/sh
# Runs structure tests with the real container-structure-test on a separate Docker engine. The program is built from the
# Go module proxy, in the version of the air-gapped module.
#
# usage: ./bazelw run //tests/engines:structure -- [PART-OF-A-NAME]      such as distroless; without it, all tests
set -eu
go=$1 engine=$2 cases=$3
shift 3
tests=
while [ "$1" != -- ]; do
	tests="$tests $1"
	shift
done
part=${2:-}

# A separate workspace, like those of other projects. It is built here, because the engine's namespaces have no network.
downstream=tests/downstream/workspace
others=$(
	cd "$BUILD_WORKSPACE_DIRECTORY/$downstream"
	bazel build //... >&2
	bazel cquery 'kind(container_structure_test, //...)' --output=files | sed "s,^,$(bazel info execution_root)/,"
)
[ -n "$others" ] || { echo "$downstream: it has no structure test to run" >&2 && exit 1; }
# Programs in the runfiles of another program find their own files through this variable.
RUNFILES_DIR=$(dirname "$PWD")
export RUNFILES_DIR

version=v1.22.1
module=github.com/GoogleContainerTools/container-structure-test
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

printf 'module structure\n\ngo 1.26\n\nrequire %s %s\n' "$module" "$version" >"$scratch/go.mod"
CGO_ENABLED=0 BUILD_WORKING_DIRECTORY=$scratch "$go" build -mod=mod -o "$scratch/container-structure-test" "$module/cmd/container-structure-test"
export CONTAINER_STRUCTURE_TEST="$scratch/container-structure-test"

# A privileged container requests every capability. In many virtual machines, root lacks some of them, and runc then
# fails. This script is named runc and first in PATH. It removes the missing capabilities from the request and executes
# the real runc.
mkdir "$scratch/bin" "$scratch/reports"
cat >"$scratch/bin/runc" <<'END'
#!/bin/sh
set -eu
bundle= before=
for argument; do
	case $before in --bundle | -b) bundle=$argument ;; esac
	before=$argument
done
if [ -n "$bundle" ]; then
	bounding=$(setpriv --dump | sed -n 's/^Capability bounding set: //p')
	jq --arg bounding "$bounding" '($bounding | ascii_upcase | split(",") | map("CAP_" + .)) as $bounding
		| .process.capabilities |= map_values(map(select(. as $one | $bounding | index($one))))' "$bundle/config.json" >"$bundle/bounding.json"
	mv "$bundle/bounding.json" "$bundle/config.json"
fi
PATH=${PATH#*:} exec runc "$@"
END
chmod +x "$scratch/bin/runc"

cat >"$scratch/all" <<'END'
passed=0 failed=0
# run_test NAME RUNFILES PROGRAM
run_test() {
	case $1 in *"$part"*) ;; *) return 0 ;; esac
	rm -f "$scratch/report"
	if RUNFILES_DIR=$2 XML_OUTPUT_FILE=$scratch/report TEST_TARGET=$1 "$3" >"$scratch/log" 2>&1; then
		passed=$((passed + 1))
		echo "PASS $1: $(sed -n 's/.* tests="\([0-9]*\)".*/\1/p' "$scratch/report") tests"
	else
		failed=$((failed + 1))
		echo "FAIL $1"
		cat "$scratch/log" "$scratch/report" || true
	fi
}
for test in $tests; do
	run_test "$test" "$RUNFILES_DIR" "./$test"
done
for test in $others; do
	run_test "$downstream/${test##*/}" "$test.runfiles" "$test"
done
# The cases in which the air-gapped driver must not differ from Docker.
case $cases in
*"$part"*)
	if IMAGE=tools/airgap/contract/structure/image_test.sh FOREIGN=tools/airgap/contract/structure/foreign_test.sh FROM_HOST='host value' TEST_TARGET=$cases "./$cases" >"$scratch/log" 2>&1; then
		passed=$((passed + 1))
		echo "PASS $cases"
	else
		failed=$((failed + 1))
		echo "FAIL $cases"
		cat "$scratch/log"
	fi
	;;
esac
images=$(docker image ls --quiet --filter 'reference=cst.oci.local/*' | sort -u | wc -l)
echo "container-structure-test $version, Docker $(docker version --format '{{.Server.Version}}'), $images images loaded"
echo "$passed passed, $failed failed"
[ $failed = 0 ] && [ $passed != 0 ] && [ "$images" != 0 ]
END
export tests others downstream part cases scratch version
export PATH="$scratch/bin:$PATH"
"$engine" sh -u "$scratch/all"
