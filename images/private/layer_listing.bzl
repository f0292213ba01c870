"""Text listings of layers, held by golden files in tests/layers."""

load("@bazel_skylib//rules:diff_test.bzl", "diff_test")

def _layer_listing_impl(ctx):
    listing = ctx.actions.declare_file(ctx.label.name + ".mtree")
    args = ctx.actions.args()
    args.add_all(ctx.attr.only, before_each = "--only")
    args.add_all(ctx.files.layers)
    ctx.actions.run_shell(
        command = "out=$1; tool=$2; shift 2; \"$tool\" \"$@\" > \"$out\"",
        arguments = [listing.path, ctx.executable._layerlist.path, args],
        tools = [ctx.executable._layerlist],
        inputs = ctx.files.layers,
        outputs = [listing],
        mnemonic = "LayerListing",
    )
    return [DefaultInfo(files = depset([listing]))]

_layer_listing = rule(
    implementation = _layer_listing_impl,
    attrs = {
        "layers": attr.label_list(mandatory = True, allow_files = [".tar.gz"]),
        "only": attr.string_list(),
        "_layerlist": attr.label(default = "//tools/layerlist", executable = True, cfg = "exec"),
    },
)

def layer_listing_test(name, layers, golden, only, **kwargs):
    """Compares what layers hold with a golden file.

    Args:
        name: name of the test; NAME_listing is the listing.
        layers: labels of layer tars, listed one after the other.
        golden: label of the expected text.
        only: patterns of the paths that are listed.
        **kwargs: attributes every rule has.
    """
    _layer_listing(name = name + "_listing", layers = layers, only = only, **kwargs)
    diff_test(
        name = name,
        failure_message = "If the change is meant: bazel build {0}_listing && cp bazel-bin/{1}/{2}_listing.mtree {3}".format(
            "//" + native.package_name() + ":" + name,
            native.package_name(),
            name,
            golden.removeprefix("//").replace(":", "/"),
        ),
        file1 = golden,
        file2 = name + "_listing",
        **kwargs
    )
