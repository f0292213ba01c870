"""A file with the digest of an image or index."""

def _oci_digest_impl(ctx):
    args = ctx.actions.args()
    args.add("digest")
    args.add_all([ctx.file.image], before_each = "-image", expand_directories = False)
    args.add("-output", ctx.outputs.out)
    ctx.actions.run(
        executable = ctx.executable._oci,
        arguments = [args],
        inputs = [ctx.file.image],
        outputs = [ctx.outputs.out],
        mnemonic = "OCIDigest",
        progress_message = "OCI Digest %{label}",
    )
    return DefaultInfo(files = depset([ctx.outputs.out]))

oci_digest = rule(
    implementation = _oci_digest_impl,
    doc = "Writes `sha256:…` of the one manifest or index that the layout's index.json names.",
    attrs = {
        "image": attr.label(allow_single_file = True, mandatory = True),
        "out": attr.output(mandatory = True),
        "_oci": attr.label(default = "//cmd/oci", executable = True, cfg = "exec"),
    },
)
