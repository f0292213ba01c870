"""Executables that start a script of this module with files from the runfiles."""

_TEMPLATE = """\
#!/usr/bin/env bash
set -o errexit -o nounset -o pipefail

# --- begin runfiles.bash initialization v3 ---
set +e
f=bazel_tools/tools/bash/runfiles/runfiles.bash
# shellcheck disable=SC1090
source "${{RUNFILES_DIR:-/dev/null}}/$f" 2>/dev/null ||
  source "$(grep -sm1 "^$f " "${{RUNFILES_MANIFEST_FILE:-/dev/null}}" | cut -f2- -d' ')" 2>/dev/null ||
  source "$0.runfiles/$f" 2>/dev/null ||
  source "$(grep -sm1 "^$f " "$0.runfiles_manifest" | cut -f2- -d' ')" 2>/dev/null ||
  {{ echo >&2 "cannot find the runfiles of $0: start it with bazel run"; exit 1; }}
set -e
# --- end runfiles.bash initialization v3 ---
runfiles_export_envvars

exec {script} {arguments} "$@"
"""

# Attributes of a rule whose executable starts its script, beside script_attrs.
LAUNCHER_ATTRS = {"_runfiles": attr.label(default = "@bazel_tools//tools/bash/runfiles")}

def rlocation(ctx, file):
    """A shell word that is the file's path at run time."""
    path = file.short_path
    path = path[len("../"):] if path.startswith("../") else ctx.workspace_name + "/" + path
    return "\"$(rlocation {})\"".format(_quote(path))

def _quote(word):
    return "'" + word.replace("'", "'\\''") + "'"

def write_launcher(ctx, arguments, files, targets):
    """Writes the executable of a rule.

    Args:
        ctx: rule context with LAUNCHER_ATTRS.
        arguments: shell words, either from rlocation or plain strings without special characters.
        files: files the arguments name.
        targets: targets whose runfiles the files need.

    Returns:
        DefaultInfo with the executable.
    """
    executable = ctx.actions.declare_file(ctx.label.name + ".sh")
    ctx.actions.write(
        executable,
        _TEMPLATE.format(script = rlocation(ctx, ctx.file._script), arguments = " ".join(arguments)),
        is_executable = True,
    )
    runfiles = ctx.runfiles(ctx.files._scripts + files).merge_all([
        target[DefaultInfo].default_runfiles
        for target in [ctx.attr._runfiles] + targets
    ])
    return DefaultInfo(executable = executable, runfiles = runfiles)
