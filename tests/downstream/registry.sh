#!/bin/sh
# MODULE.bazel, and that of tests/downstream/workspace, resolve on a registry as it is, without what tools/airgap puts in the place of
# modules: no version is raised unseen, and this Bazel is refused by none. Only MODULE.bazel files are read.
#
# usage: registry.sh [REGISTRY]    an address, or file:// and a folder in the cache of tools/airgap; else the Bazel Central Registry
set -eu
checkout=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd -P)
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# The air-gapped Bazel has its modules from the system's bazelrc, and its own files from where that says.
startup=--nosystem_rc
if [ -n "${AIRGAP:-}" ] && [ "$AIRGAP" != 0 ]; then
	startup="$startup --install_base=/usr/share/bazel --trust_install_base"
fi
for workspace in . tests/downstream/workspace; do
	cd "$checkout/$workspace"
	# A server of its own, which goes at once: the usual one would have to start again with other options.
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
