"""oci_push: an image or index to a registry."""

load(":launcher.bzl", "launcher_attrs", "rlocation", "write_launcher")

def _has_tag_or_digest(repository):
    # A colon before the last slash is a port.
    return "@" in repository or ":" in repository.split("/")[-1]

def _oci_push_impl(ctx):
    if not ctx.file.image.is_directory:
        fail("image attribute must be a oci_image or oci_image_index")
    if _has_tag_or_digest(ctx.attr.repository):
        fail("`repository` attribute should not contain digest or tag. got: {}".format(ctx.attr.repository))

    arguments = ["-image", rlocation(ctx, ctx.file.image)]
    files = [ctx.file.image]
    if ctx.attr.repository:
        arguments += ["-repository", "'{}'".format(ctx.attr.repository)]
    elif ctx.file.repository_file:
        arguments += ["-repository_file", rlocation(ctx, ctx.file.repository_file)]
        files.append(ctx.file.repository_file)
    if ctx.file.remote_tags:
        arguments += ["-tags_file", rlocation(ctx, ctx.file.remote_tags)]
        files.append(ctx.file.remote_tags)
    return write_launcher(ctx, arguments, files, [ctx.attr.image])

oci_push = rule(
    implementation = _oci_push_impl,
    doc = "Pushes by digest, then tags. Most users want the macro `oci_push` in `//oci:defs.bzl`.",
    attrs = {
        "image": attr.label(allow_single_file = True, mandatory = True, doc = "Image or index."),
        "repository": attr.string(doc = "registry/name, without tag or digest. `--repository` overrides it."),
        "repository_file": attr.label(allow_single_file = True, doc = "File with the repository."),
        "remote_tags": attr.label(allow_single_file = True, doc = "File of one tag per line."),
    } | launcher_attrs("//cmd/push"),
    executable = True,
)
