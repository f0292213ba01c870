"""Implementation of container_structure_test."""

# The command line is that of the real program. CONTAINER_STRUCTURE_TEST can contain the path of the real program. Then
# a Docker engine is needed, and the same targets run it.

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
  {{ echo >&2 "cannot find the runfiles of $0: start it with bazel test"; exit 1; }}
set -e
# --- end runfiles.bash initialization v3 ---
runfiles_export_envvars

image={image}
program=${{CONTAINER_STRUCTURE_TEST:-{program}}}
arguments=(test --driver {driver})
if [[ -d "$image" ]]; then
  digest=$(grep -om1 'sha256:[0-9a-f]*' "$image/index.json")
  arguments+=(--ignore-ref-annotation --image-from-oci-layout "$image" --default-image-tag "cst.oci.local/${{digest/:/-}}:${{digest/:/-}}")
else
  arguments+=(--image "$image")
fi
if [[ -n "${{XML_OUTPUT_FILE:-}}" ]]; then
  arguments+=(--test-report "$XML_OUTPUT_FILE" --output junit --junit-suite-name "${{TEST_TARGET:-}}")
fi
exec "$program" "${{arguments[@]}}" {arguments} "$@"
"""

def _rlocation(ctx, file):
    """A shell word that is the file's path at run time."""
    path = file.short_path
    path = path[len("../"):] if path.startswith("../") else ctx.workspace_name + "/" + path
    return "\"$(rlocation '{}')\"".format(path.replace("'", "'\\''"))

def _find_image(target):
    """The one file that is the image: output group oci_layout, else oci_tarball, else the default output."""
    if target == None:
        fail("the 'image' attribute must be set")
    if OutputGroupInfo in target:
        for group in ["oci_layout", "oci_tarball"]:
            if group in target[OutputGroupInfo]:
                files = target[OutputGroupInfo][group].to_list()
                if len(files) != 1:
                    fail("the 'image' attribute contains the '{}' output group but it does not have exactly one file".format(group))
                return files[0]
    files = target[DefaultInfo].files.to_list()
    if len(files) != 1:
        fail("the 'image' attribute must be a target that produces exactly one file or contain either the 'oci_layout' or 'oci_tarball' output groups")
    return files[0]

def _container_structure_test_impl(ctx):
    image = _find_image(ctx.attr.image)
    if not image.basename.endswith(".tar") and ctx.attr.driver != "docker":
        fail("when the 'driver' attribute is not 'docker', then the image must be a .tar file")
    if ctx.attr.driver == "host":
        fail("driver \"host\" changes the machine it runs on and is not supported air-gapped: use \"docker\" or \"tar\"")

    arguments = []
    for config in ctx.files.configs:
        arguments += ["--config", _rlocation(ctx, config)]
    if ctx.attr.platform:
        arguments += ["--platform", "'{}'".format(ctx.attr.platform)]

    executable = ctx.actions.declare_file(ctx.label.name + ".sh")
    script = _TEMPLATE.format(
        arguments = " ".join(arguments),
        driver = ctx.attr.driver,
        image = _rlocation(ctx, image),
        program = _rlocation(ctx, ctx.executable._structure_test),
    )
    ctx.actions.write(executable, script, is_executable = True)
    runfiles = ctx.runfiles([image] + ctx.files.configs).merge_all([
        target[DefaultInfo].default_runfiles
        # The blobs of a layout may be symlinks to files in the image's own runfiles.
        for target in [ctx.attr._structure_test, ctx.attr._runfiles, ctx.attr.image]
    ])
    return DefaultInfo(executable = executable, runfiles = runfiles)

container_structure_test = rule(
    implementation = _container_structure_test_impl,
    doc = """Tests an image against container-structure-test configurations (schema 2.0.0).

Commands run under runc, each in a separate container with Docker's default capabilities and a new network
namespace; files and metadata are read from the image itself.
""",
    attrs = {
        "image": attr.label(allow_files = True, doc = "An oci_image, or a .tar for `docker load`."),
        "configs": attr.label_list(allow_files = True, mandatory = True, doc = "Configuration files, run in turn."),
        "driver": attr.string(
            default = "docker",
            values = ["docker", "tar", "host"],
            doc = "docker runs commands too; tar looks at files and metadata of a .tar image.",
        ),
        "platform": attr.string(
            default = "linux/amd64",
            doc = "Platform the image must be for; empty for any.",
        ),
        "_structure_test": attr.label(default = "//cmd/structure_test", executable = True, cfg = "target"),
        "_runfiles": attr.label(default = "@bazel_tools//tools/bash/runfiles"),
    },
    test = True,
)
