"""oci_push: an image or index to a registry."""

load(":launcher.bzl", "LAUNCHER_ATTRS", "rlocation", "write_launcher")
load(":script.bzl", "script_attrs")

def _has_tag_or_digest(repository):
    # A colon before the last slash is a port.
    return "@" in repository or ":" in repository.split("/")[-1]

def _oci_push_impl(ctx):
    if not ctx.file.image.is_directory:
        fail("image attribute must be a oci_image or oci_image_index")
    if _has_tag_or_digest(ctx.attr.repository):
        fail("`repository` attribute should not contain digest or tag. got: {}".format(ctx.attr.repository))

    files = [ctx.file.image, ctx.file.repository_file, ctx.file.remote_tags]
    image, repository_file, tags_file = [rlocation(ctx, file) if file else "''" for file in files]
    arguments = [image, "'{}'".format(ctx.attr.repository), repository_file, tags_file]
    return write_launcher(ctx, arguments, [file for file in files if file], [ctx.attr.image])

oci_push = rule(
    implementation = _oci_push_impl,
    doc = "Pushes by digest, then tags. Most users want the macro `oci_push` in `//oci:defs.bzl`.",
    attrs = {
        "image": attr.label(allow_single_file = True, mandatory = True, doc = "Image or index."),
        "repository": attr.string(doc = "registry/name, without tag or digest. `--repository` overrides it."),
        "repository_file": attr.label(allow_single_file = True, doc = "File with the repository."),
        "remote_tags": attr.label(allow_single_file = True, doc = "File of one tag per line."),
    } | script_attrs("push.sh") | LAUNCHER_ATTRS,
    executable = True,
)
