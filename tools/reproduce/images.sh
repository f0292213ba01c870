#!/bin/sh
# Builds images twice, in this checkout and in a second checkout of the same commit in another directory. Compares the
# digests of images and indexes, and the checksums of the wrappers. The second build executes all actions that make an
# image, even if a disk cache contains their results.
#
# usage: tools/reproduce/images.sh [PART-OF-A-NAME]      such as trixie; without it, all images
set -eu
here=$(git rev-parse --show-toplevel)
git -C "$here" diff --quiet HEAD || { echo "$here: has uncommitted changes, which the second checkout would not contain: commit or stash them" >&2 && exit 1; }
scratch=$(mktemp -d)
there=$scratch/second-checkout
clean() {
	# This also ends Bazel's server. Otherwise its output would stay in the user's cache.
	(cd "$there" && ./bazelw clean --expunge) || :
	git -C "$here" worktree remove --force "$there"
	rm -r "$scratch"
}
git -C "$here" worktree add --quiet --detach "$there" HEAD
trap clean EXIT

# files QUERY OPTION...: lists the labels and files of targets that can be built, one per line. With every
# implementation of the rules, an image NAME has a target NAME.digest.
files() {
	query=$1
	shift
	./bazelw cquery "$@" "$query" --output=starlark --starlark:expr \
		'"" if "IncompatiblePlatformProvider" in providers(target) else str(target.label).lstrip("@") + " " + target.files.to_list()[0].path' |
		sed '/^$/d'
}

# list CHECKOUT OPTION...: builds in that checkout, and prints a line for each image and wrapper: its name, and its
# digest or checksum.
list() (
	cd "$1"
	shift
	digests=$(files "filter('$part.*\\.digest\$', //images/...)" "$@")
	[ -n "$digests" ] || { echo "no image that can be built has $part in its name" >&2 && exit 1; }
	wrappers=$(files "filter('wrapper_', kind('go_cross_binary rule', //wrapper:all))" "$@")
	[ -n "$wrappers" ] || { echo "there is no wrapper to compare" >&2 && exit 1; }
	# shellcheck disable=SC2046 # labels are words
	./bazelw build "$@" $(printf '%s\n%s\n' "$digests" "$wrappers" | cut -d ' ' -f 1) >&2
	echo "$digests" | while read -r label file; do
		echo "$label $(cat "$file")"
	done
	echo "$wrappers" | while read -r label file; do
		echo "$label $(sha256sum <"$file" | cut -d ' ' -f 1)"
	done
)

part=${1:-}
list "$here" >"$scratch/here"
list "$there" '--modify_execution_info=(PackageLayer|WrapperLayer|OCI.*|GoCompilePkg|GoLink)=+no-cache' >"$scratch/there"
cat "$scratch/here"
diff "$scratch/here" "$scratch/there"
echo "$(wc -l <"$scratch/here") digests and sums, all the same in $here and $there"
