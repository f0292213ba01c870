#!/bin/sh
# Runs all test programs in its arguments, even if one fails.
set -u
[ $# -gt 0 ] || { echo "no tests" >&2 && exit 1; }
status=0
for test in "$@"; do
	echo "=== $test"
	"$test" || status=1
done
exit $status
