#!/bin/sh
# Usage: size_test.sh LIMIT LAYOUT...
# Fails if an image's compressed size is over LIMIT bytes.
set -eu
limit=$1
shift
[ $# -gt 0 ]
status=0
for layout in "$@"; do
	# The last line of wc is the sum.
	size=$(wc -c "$layout"/blobs/sha256/* | awk 'END { print $1 }')
	echo "$layout: $size bytes compressed, $limit allowed"
	[ "$size" -gt 0 ] && [ "$size" -le "$limit" ] || status=1
done
exit $status
