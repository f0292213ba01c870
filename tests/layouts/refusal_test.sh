#!/bin/sh
# For a layout that lacks a mode, the build must make no layer, and print one line with the remedy.
set -eu

wrapperlayer=$1 wrapper=$2 base=$3 line=$4
layer=$TEST_TMPDIR/layer.tar.gz

status=0
said=$("$wrapperlayer" --output "$layer" --wrapper "$wrapper" --base "$base" 2>&1) || status=$?
if [ "$status" -ne 1 ]; then
	echo "exit status $status, not 1: $said"
	exit 1
fi
if [ "$said" != "wrapperlayer: base $base: $line" ]; then
	echo "said:     $said"
	echo "expected: wrapperlayer: base $base: $line"
	exit 1
fi
if [ -e "$layer" ]; then
	echo "a layer was written"
	exit 1
fi
