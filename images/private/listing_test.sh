#!/bin/sh
# Usage: listing_test.sh GOLDEN LISTINGS...: fails unless what each image's layers hold, listed in the files that one argument
# names with blanks between, is what the golden file says.
set -eu
golden=$1
shift
[ $# -gt 0 ]
status=0
for listings in "$@"; do
	# shellcheck disable=SC2086 # one word for each file
	if ! cat $listings | diff "$golden" -; then
		echo "$golden does not list these layers; if the change is meant: cat $(echo "$listings" | sed 's:[^ ]*:bazel-bin/&:g') > $golden"
		status=1
	fi
done
exit $status
