#!/bin/sh
# Checks that MODULE.bazel, and that of tests/downstream/workspace, resolve with an unmodified registry, without the
# modules that tools/airgap replaces: no version may be raised implicitly, and no module may refuse this Bazel. Only
# MODULE.bazel files are read.
#
# usage: registry.sh [REGISTRY]    a URL, or file:// and a directory in the cache of tools/airgap; by default the Bazel
# Central Registry
set -eu
checkout=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd -P)
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# The air-gapped Bazel gets its modules, and the path of its files, from the system's bazelrc, which --nosystem_rc
# disables. The path is then set explicitly.
startup=--nosystem_rc
if [ -n "${AIRGAP:-}" ] && [ "$AIRGAP" != 0 ]; then
	startup="$startup --install_base=/usr/share/bazel --trust_install_base"
fi
for workspace in . tests/downstream/workspace; do
	cd "$checkout/$workspace"
	# --batch starts a Bazel server that exits after the command. The running server would restart for these options.
	# shellcheck disable=SC2086 # options
	if "$checkout/bazelw" $startup --batch mod dump_repo_mapping "" ${1:+--registry="$1"} --lockfile_mode=off \
		--check_direct_dependencies=error --check_bazel_compatibility=error >/dev/null 2>"$log"; then
		echo "$workspace: resolves"
	elif grep -qE 'Unknown host|Connect timed out|Connection refused|Network is unreachable' "$log"; then
		echo "SKIPPED: $workspace: the registry cannot be reached: $(grep -m 1 -oE 'Unknown host.*|Connect.*|Network.*' "$log")"
	else
		grep -E 'ERROR|WARNING' "$log"
		exit 1
	fi
done
