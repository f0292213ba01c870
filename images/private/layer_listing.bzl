"""Text listings of layers, and a test that compares them with the golden files images/VARIANT/testdata/RELEASE.mtree."""

load("@rules_shell//shell:sh_test.bzl", "sh_test")

def _layer_listing_impl(ctx):
    # One action for each layer, so that a layer of packages is not listed again when only the wrapper over it changed.
    listings = []
    for layer in ctx.files.layers:
        listing = ctx.actions.declare_file("{}/{}.mtree".format(ctx.label.name, len(listings)))
        args = ctx.actions.args()
        args.add("list")
        args.add_all(ctx.attr.only, before_each = "--only")
        args.add("--output", listing)
        args.add(layer)
        ctx.actions.run(
            executable = ctx.executable._pkglayer,
            arguments = [args],
            inputs = [layer],
            outputs = [listing],
            mnemonic = "LayerListing",
        )
        listings.append(listing)
    return [DefaultInfo(files = depset(listings))]

layer_listing = rule(
    implementation = _layer_listing_impl,
    doc = "Lists the contents of layers, one file for each layer.",
    attrs = {
        "layers": attr.label_list(mandatory = True, allow_files = [".tar.gz"]),
        "only": attr.string_list(doc = "Patterns of the paths that are listed."),
        "_pkglayer": attr.label(default = "//tools/pkglayer/debapk", executable = True, cfg = "exec"),
    },
)

def layer_listing_test(name, listings, golden, **kwargs):
    """Compares the listings of several images with one golden file, which must match all of them.

    Args:
        name: name of the test.
        listings: labels of layer_listing, one of each image.
        golden: label of the expected text.
        **kwargs: attributes that every rule has.
    """
    sh_test(
        name = name,
        size = "small",
        srcs = ["//images/private:listing_test.sh"],
        args = ["$(rootpath {})".format(golden)] + ["'$(rootpaths {})'".format(listing) for listing in listings],
        data = [golden] + listings,
        **kwargs
    )
