"""oci_image_index: several images behind one name, one per platform."""

load(":script.bzl", "script_attrs")

def _platforms_transition_impl(_settings, attr):
    return [{"//command_line_option:platforms": str(platform)} for platform in attr.platforms]

_platforms_transition = transition(
    implementation = _platforms_transition_impl,
    inputs = [],
    outputs = ["//command_line_option:platforms"],
)

def _oci_image_index_impl(ctx):
    # The transition yields every image once per platform.
    if ctx.attr.platforms and len(ctx.attr.images) != len(ctx.attr.platforms):
        fail("platforms can only be specified when there is exactly one image in the images attribute.")

    output = ctx.actions.declare_directory(ctx.label.name)
    args = ctx.actions.args()
    args.add_all([output] + ctx.files.images, expand_directories = False)

    ctx.actions.run(
        executable = ctx.file._script,
        tools = ctx.files._scripts,
        arguments = [args],
        inputs = depset(
            ctx.files.images,
            transitive = [image[DefaultInfo].default_runfiles.files for image in ctx.attr.images],
        ),
        outputs = [output],
        mnemonic = "OCIIndex",
        progress_message = "OCI Index %{label}",
    )
    return DefaultInfo(files = depset([output]))

oci_image_index = rule(
    implementation = _oci_image_index_impl,
    doc = "An OCI image index. Most users want the macro of the same name in `//oci:defs.bzl`.",
    attrs = {
        "images": attr.label_list(
            mandatory = True,
            cfg = _platforms_transition,
            doc = "Images; exactly one with platforms.",
        ),
        "platforms": attr.label_list(
            providers = [platform_common.PlatformInfo],
            doc = "Platforms to build the one image for.",
        ),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    } | script_attrs("index.sh"),
)
