"""Makes one image layer from distribution packages."""

_SETTINGS = ["links", "directories", "copies", "texts", "exclude", "keep", "metadata", "alternatives", "registrations"]

def _package_layer_impl(ctx):
    settings = ctx.actions.declare_file(ctx.label.name + ".json")
    ctx.actions.write(settings, ctx.attr.settings)
    layer = ctx.actions.declare_file(ctx.label.name + ".tar.gz")
    args = ctx.actions.args()
    args.add("make")
    args.add("--output", layer)
    args.add("--settings", settings)
    origins = ctx.actions.declare_file(ctx.label.name + ".origins.json")
    args.add("--origins", origins)
    args.add_all(ctx.files.packages)
    ctx.actions.run(
        executable = ctx.executable.pkglayer,
        arguments = [args],
        inputs = ctx.files.packages + [settings],
        outputs = [layer, origins],
        mnemonic = "PackageLayer",
        progress_message = "Assembling the packages of %{label}",
    )
    return [DefaultInfo(files = depset([layer])), OutputGroupInfo(origins = depset([origins]))]

_package_layer = rule(
    implementation = _package_layer_impl,
    attrs = {
        "packages": attr.label(mandatory = True, allow_files = [".deb", ".apk", ".rpm"]),
        "settings": attr.string(mandatory = True),
        "pkglayer": attr.label(mandatory = True, executable = True, cfg = "exec"),
    },
)

def package_layer(name, packages, variant, links = {}, release = "", **kwargs):
    """Makes a deterministic layer of packages. The build executes no file of them.

    Args:
        name: name of the layer. The file is NAME.tar.gz. The output group "origins" is NAME.origins.json, with the source
            package and the licenses of each package.
        packages: label of the .deb, .apk or .rpm files.
        variant: a variant of images/private/variants.bzl, which defines the files to leave out and to add.
        links: symlinks of this release and architecture, in addition to the variant's.
        release: replaces "{release}" in the variant's texts.
        **kwargs: attributes that every rule has.
    """
    settings = {key: getattr(variant, key) for key in _SETTINGS}
    settings["links"] = settings["links"] | links
    settings["requested"] = variant.packages
    settings["texts"] = {path: text.replace("{release}", release) for path, text in settings["texts"].items()}
    _package_layer(
        name = name,
        packages = packages,
        pkglayer = Label("//tools/pkglayer" if variant.metadata == "rpm-manifest" else "//tools/pkglayer/debapk"),
        settings = json.encode(settings),
        **kwargs
    )
