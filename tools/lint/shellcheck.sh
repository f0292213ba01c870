#!/bin/sh
# Every shell script passes shellcheck.
set -eu
# shellcheck source=tools/lint/checkout.sh
. "${0%/*}/checkout.sh"
checkout "$1"
if ! command -v shellcheck >/dev/null; then
	echo "SKIPPED: shellcheck is not in PATH (Debian: apt-get install shellcheck; ./bazelw --airgap has it)"
	exit 0
fi
files -name '*.sh' -o -name bazelw -o -path "./.ci/*" | xargs shellcheck --external-sources
