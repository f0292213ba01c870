#!/bin/sh
# Usage: size_test.sh LIMIT LAYOUT: fails when an image is larger, compressed, than the limit in bytes.
set -eu
limit=$1
layout=$2
size=0
for blob in "$layout"/blobs/sha256/*; do
	size=$((size + $(wc -c <"$blob")))
done
echo "$size bytes compressed, $limit allowed"
[ "$size" -gt 0 ]
[ "$size" -le "$limit" ]
