#!/bin/sh
# Runs shellcheck on every shell script.
set -eu
# shellcheck source=tools/lint/checkout.sh
. "${0%/*}/checkout.sh"
checkout "$1"
files -name '*.sh' -o -name bazelw -o -path "./.ci/*" | xargs shellcheck --external-sources
