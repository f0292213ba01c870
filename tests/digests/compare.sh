#!/bin/sh
# Builds images twice, here and in a second checkout of the same commit in another folder, and compares the digests of
# images and indexes and the wrappers' sums. What makes an image is run anew in the second, whatever a disk cache holds.
#
# usage: tests/digests/compare.sh [PART-OF-A-NAME]      such as trixie; all images without
set -eu
here=$(git rev-parse --show-toplevel)
scratch=$(mktemp -d)
there=$scratch/second-checkout
clean() {
	# Also ends the server; what it built would stay where nobody looks for it.
	(cd "$there" && ./bazelw clean --expunge) || :
	git -C "$here" worktree remove --force "$there"
	rm -r "$scratch"
}
git -C "$here" worktree add --quiet --detach "$there" HEAD
trap clean EXIT

# list CHECKOUT OPTION...: builds there, and prints a line for each image and wrapper: its name and digest or sum.
list() (
	cd "$1"
	shift
	wrappers="filter('wrapper_', kind('go_cross_binary rule', //images/private:all))"
	images=$(./bazelw query "filter('$part', kind('oci_digest rule', //images/...))")
	# shellcheck disable=SC2046,SC2086 # labels are words
	./bazelw build "$@" $images $(./bazelw query "$wrappers") >&2
	for image in $images; do
		file=bazel-bin/$(echo "$image" | sed 's|^//||; s|:|/|; s|digest$|json.sha256|')
		echo "$image $(cat "$file")"
	done
	./bazelw cquery "$@" --output=files "$wrappers" | while read -r file; do
		echo "${file#*/bin/} $(sha256sum <"$file")"
	done
)

part=${1:-}
list "$here" >"$scratch/here"
list "$there" '--modify_execution_info=(PackageLayer|WrapperLayer|OCI.*|GoCompilePkg|GoLink)=+no-cache' >"$scratch/there"
cat "$scratch/here"
[ -s "$scratch/here" ]
diff "$scratch/here" "$scratch/there"
echo "$(wc -l <"$scratch/here") digests and sums, all the same in $here and $there"
