"""oci_load: an image for a container engine on this machine."""

load(":launcher.bzl", "LAUNCHER_ATTRS", "rlocation", "write_launcher")
load(":script.bzl", "script_attrs")

def _oci_load_impl(ctx):
    tarball = ctx.actions.declare_file("{}/tarball.tar".format(ctx.label.name))
    args = ctx.actions.args()
    args.add_all([ctx.file.image, ctx.file.repo_tags, ctx.attr.format, "--output", tarball], expand_directories = False)

    # The archive is large and rarely needed, so it is built only on request, as an output group.
    ctx.actions.run(
        executable = ctx.file._script,
        tools = ctx.files._scripts,
        arguments = [args],
        inputs = depset(
            [ctx.file.image, ctx.file.repo_tags],
            transitive = [ctx.attr.image[DefaultInfo].default_runfiles.files],
        ),
        outputs = [tarball],
        mnemonic = "OCITarball",
        progress_message = "OCI Tarball %{label}",
    )

    arguments = [rlocation(ctx, ctx.file.image), rlocation(ctx, ctx.file.repo_tags), ctx.attr.format]
    files = [ctx.file.image, ctx.file.repo_tags]
    targets = [ctx.attr.image]
    if ctx.executable.loader:
        arguments += ["--loader", rlocation(ctx, ctx.executable.loader)]
        files.append(ctx.executable.loader)
        targets.append(ctx.attr.loader)
    return [
        write_launcher(ctx, arguments, files, targets),
        OutputGroupInfo(tarball = depset([tarball])),
    ]

oci_load = rule(
    implementation = _oci_load_impl,
    doc = "Loads an image into a container engine. Most users want the macro `oci_load` in `//oci:defs.bzl`.",
    attrs = {
        "image": attr.label(allow_single_file = True, mandatory = True, doc = "Image or index."),
        "repo_tags": attr.label(
            allow_single_file = [".txt"],
            mandatory = True,
            doc = "File of one repository:tag per line.",
        ),
        "format": attr.string(
            default = "docker",
            values = ["docker", "oci"],
            doc = "docker for an image, oci for an index.",
        ),
        "loader": attr.label(
            allow_files = True,
            executable = True,
            cfg = "target",
            doc = "Program to call in place of docker, podman or nerdctl.",
        ),
    } | script_attrs("load.sh") | LAUNCHER_ATTRS,
    executable = True,
)
