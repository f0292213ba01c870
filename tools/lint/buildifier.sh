#!/bin/sh
# Every Bazel file is formatted as buildifier formats it, and has none of its warnings. (A macro that makes one target for each
# row of a table has no name to give them: unnamed-macro.)
set -eu
# shellcheck source=tools/lint/checkout.sh
. "${0%/*}/checkout.sh"
buildifier=$PWD/$2
checkout "$1"
files -name 'BUILD' -o -name '*.bazel' -o -name '*.bzl' -o -name WORKSPACE | xargs "$buildifier" -mode=check -lint=warn -warnings=-unnamed-macro
