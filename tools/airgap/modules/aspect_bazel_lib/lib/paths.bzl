"""Paths of files at run time."""

# Sets the shell function rlocation (tools/bash/runfiles/runfiles.bash of Bazel).
BASH_RLOCATION_FUNCTION = """
set -uo pipefail; set +e; f=bazel_tools/tools/bash/runfiles/runfiles.bash
# shellcheck disable=SC1090
source "${RUNFILES_DIR:-/dev/null}/$f" 2>/dev/null ||
  source "$(grep -sm1 "^$f " "${RUNFILES_MANIFEST_FILE:-/dev/null}" | cut -f2- -d' ')" 2>/dev/null ||
  source "$0.runfiles/$f" 2>/dev/null ||
  { echo >&2 "cannot find the runfiles of $0: start it with bazel test"; exit 1; }; f=; set -e
"""

def to_rlocation_path(ctx, file):
    """Returns the argument of rlocation for a file.

    Args:
        ctx: the rule's context
        file: the file

    Returns:
        the path below the directory of runfiles
    """
    path = file.short_path
    return path[len("../"):] if path.startswith("../") else ctx.workspace_name + "/" + path
