#!/bin/sh
# Fails if buildifier would reformat a Bazel file, or has a warning for it. The warning unnamed-macro is off: a macro
# that makes a target for each row of a table cannot have a parameter name.
set -eu
# shellcheck source=tools/lint/checkout.sh
. "${0%/*}/checkout.sh"
buildifier=$PWD/$2
checkout "$1"
files -name 'BUILD' -o -name '*.bazel' -o -name '*.bzl' -o -name WORKSPACE | xargs "$buildifier" -mode=check -lint=warn -warnings=-unnamed-macro
