#!/bin/sh
# Builds images twice, here and in a second checkout of the same commit in another folder, and compares the digests of
# images and indexes and the wrappers' sums. What makes an image is run anew in the second, whatever a disk cache holds.
#
# usage: tests/digests/compare.sh [PART-OF-A-NAME]      such as trixie; all images without
set -eu
here=$(git rev-parse --show-toplevel)
there=$(mktemp -d)/second-checkout
clean() {
	(cd "$there" && ./bazelw shutdown) || :
	git -C "$here" worktree remove --force "$there"
	rmdir "${there%/*}"
}
git -C "$here" worktree add --quiet --detach "$there" HEAD
trap clean EXIT

# list CHECKOUT OPTION...: builds there, and prints a line for each file: its name and digest or sum.
list() (
	cd "$1"
	shift
	./bazelw query "filter('${part}', kind('oci_digest rule', //images/...))" >"$lists/targets"
	./bazelw build "$@" --target_pattern_file="$lists/targets" >&2
	./bazelw build "$@" //images/private/... >&2
	sed -n 's|^//\(.*\):\(.*\)\.digest$|\1/\2.json.sha256|p' "$lists/targets" | while read -r file; do
		echo "$file $(cat "bazel-bin/$file")"
	done
	for file in bazel-bin/images/private/wrapper_*; do
		[ ! -f "$file" ] || echo "${file#bazel-bin/} $(sha256sum <"$file")"
	done
)

part=${1:-}
lists=$(mktemp -d)
list "$here" >"$lists/here"
list "$there" '--modify_execution_info=(PackageLayer|WrapperLayer|OCI.*|GoCompilePkg|GoLink)=+no-cache' >"$lists/there"
diff "$lists/here" "$lists/there"
echo "$(wc -l <"$lists/here") digests and sums, all the same in $here and $there"
rm -r "$lists"
