"""oci_image: one image, as an OCI layout directory."""

load(":script.bzl", "script_attrs")

# Names of aspect_bazel_lib for resource classes. They only help a scheduler. The single-threaded script of this rule
# needs no reservation.
_RESOURCE_SETS = [
    "default",
    "cpu_2",
    "cpu_4",
    "mem_512m",
    "mem_1g",
    "mem_2g",
    "mem_4g",
    "mem_8g",
    "mem_16g",
    "mem_32g",
]

# Attributes that are files.
_FILE_ATTRIBUTES = {
    "created": "File with the date the image was made (RFC 3339). Default: the epoch, or the base's.",
    "entrypoint": "File of one word per line. Clears the base's cmd.",
    "cmd": "File of one word per line.",
    "env": "File of KEY=VALUE lines, merged into the base's; `$K` and `${K}` expand.",
    "labels": "File of key=value lines, merged into the base's.",
    "annotations": "File of key=value lines, merged into the base's manifest annotations.",
    "exposed_ports": "File with a comma-separated list, merged into the base's.",
    "volumes": "File with a comma-separated list, merged into the base's.",
}

def _oci_image_impl(ctx):
    if not ctx.attr.base and (not ctx.attr.os or not ctx.attr.architecture):
        fail("'os' and 'architecture' are mandatory when 'base' is unspecified.")
    if ctx.attr.base and (ctx.attr.os or ctx.attr.architecture or ctx.attr.variant):
        fail("'os', 'architecture' and 'variant' come from the image provided by 'base' and cannot be overridden.")

    output = ctx.actions.declare_directory(ctx.label.name)
    inputs = list(ctx.files.tars)

    # The output's blobs are symlinks to these files, so users of the image need them, too.
    linked = [depset(ctx.files.tars)]

    args = ctx.actions.args()
    args.add_all([output, ctx.file.base or ""], expand_directories = False)
    if ctx.attr.base:
        linked += [ctx.attr.base[DefaultInfo].files, ctx.attr.base[DefaultInfo].default_runfiles.files]
    for tar in ctx.files.tars:
        # A label as a separate argument is spelled as in the real rules.
        args.add(tar.owner)
        args.add(tar)
    args.add("--")
    for name in ["os", "architecture", "variant", "user", "workdir"]:
        if getattr(ctx.attr, name):
            args.add_all(["--arg", name, getattr(ctx.attr, name)])
    for name in _FILE_ATTRIBUTES:
        file = getattr(ctx.file, name)
        if file:
            args.add_all(["--rawfile", name, file])
            inputs.append(file)

    ctx.actions.run(
        executable = ctx.file._script,
        tools = ctx.files._scripts,
        arguments = [args],
        inputs = depset(inputs, transitive = linked),
        outputs = [output],
        mnemonic = "OCIImage",
        progress_message = "OCI Image %{label}",
    )
    return DefaultInfo(
        files = depset([output]),
        runfiles = ctx.runfiles(transitive_files = depset(transitive = linked)),
    )

oci_image = rule(
    implementation = _oci_image_impl,
    doc = "An OCI image. Most users want the macro of the same name in `//oci:defs.bzl`.",
    attrs = {
        "base": attr.label(allow_single_file = True, doc = "Image to extend."),
        "tars": attr.label_list(
            allow_files = [".tar", ".tgz", ".tar.gz", ".tzst", ".tar.zst"],
            doc = "Layers, lowest first, taken byte for byte.",
        ),
        "user": attr.string(doc = "User, uid, or either with a group after a colon."),
        "workdir": attr.string(doc = "Working directory."),
        "os": attr.string(doc = "Operating system, in Go's spelling. Mandatory without base, forbidden with it."),
        "architecture": attr.string(doc = "Architecture, in Go's spelling. Mandatory without base, forbidden with it."),
        "variant": attr.string(doc = "Variant of the architecture, for example v7. Forbidden with base."),
        "resource_set": attr.string(default = "default", values = _RESOURCE_SETS, doc = "Accepted for compatibility."),
    } | script_attrs("image.sh") | {
        name: attr.label(allow_single_file = True, doc = doc)
        for (name, doc) in _FILE_ATTRIBUTES.items()
    },
)
