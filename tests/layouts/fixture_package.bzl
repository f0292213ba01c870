"""Makes a package of a layout, in its distribution's format, from Debian's binaries."""

def _fixture_package_impl(ctx):
    sources = [
        file
        for file in ctx.files.packages
        if file.basename.partition("_")[0] in ctx.attr.sources
    ]
    spec = ctx.actions.declare_file(ctx.label.name + ".json")
    ctx.actions.write(spec, ctx.attr.spec)
    output = ctx.actions.declare_file(ctx.label.name + "." + ctx.attr.format)
    args = ctx.actions.args()
    args.add("--output", output)
    args.add("--spec", spec)
    for target, path in ctx.attr.add.items():
        args.add("--add", "{}={}".format(path, target.files.to_list()[0].path))
    args.add_all(sources)
    ctx.actions.run(
        executable = ctx.executable._program,
        arguments = [args],
        inputs = sources + ctx.files.add + [spec],
        outputs = [output],
        mnemonic = "FixturePackage",
        progress_message = "Packing %{output}",
    )
    return [DefaultInfo(files = depset([output]))]

fixture_package = rule(
    implementation = _fixture_package_impl,
    attrs = {
        "add": attr.label_keyed_string_dict(allow_files = True, doc = "files of this repository, to their paths"),
        "format": attr.string(mandatory = True, values = ["apk", "deb", "rpm"]),
        "packages": attr.label(mandatory = True, allow_files = [".deb"], doc = "Debian's packages"),
        "sources": attr.string_list(doc = "names of the packages that are read"),
        "spec": attr.string(mandatory = True, doc = "the package, JSON"),
        "_program": attr.label(default = "//tests/layouts:program", executable = True, cfg = "exec"),
    },
)
