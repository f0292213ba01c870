#!/bin/sh
# Usage: size_test.sh LIMIT LAYOUT...: fails when an image is larger, compressed, than the limit in bytes.
set -eu
limit=$1
shift
[ $# -gt 0 ]
status=0
for layout in "$@"; do
	# The last line is the sum.
	size=$(wc -c "$layout"/blobs/sha256/* | awk 'END { print $1 }')
	echo "$layout: $size bytes compressed, $limit allowed"
	[ "$size" -gt 0 ] && [ "$size" -le "$limit" ] || status=1
done
exit $status
