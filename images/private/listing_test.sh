#!/bin/sh
# Usage: listing_test.sh GOLDEN LISTINGS...
# Fails unless the layers of each image contain what the golden file lists. Each argument LISTINGS is the listings of
# one image's layers, separated by blanks.
set -eu
golden=$1
shift
[ $# -gt 0 ]
status=0
for listings in "$@"; do
	# shellcheck disable=SC2086 # one word for each file
	if ! cat $listings | diff "$golden" -; then
		echo "$golden differs from these layers; if the change is intended: cat $(echo "$listings" | sed 's:[^ ]*:bazel-bin/&:g') > $golden"
		status=1
	fi
done
exit $status
