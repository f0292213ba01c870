"""A file with the digest of an image or index."""

def _oci_digest_impl(ctx):
    args = ctx.actions.args()
    args.add_all([ctx.file.image], expand_directories = False)
    args.add(ctx.outputs.out)
    ctx.actions.run_shell(
        command = "jq -er '.manifests[0].digest' \"$1/index.json\" >\"$2\"",
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
    },
)
