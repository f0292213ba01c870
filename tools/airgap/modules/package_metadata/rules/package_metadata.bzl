"The rule that Gazelle writes into the BUILD files of Go modules."

PackageMetadataInfo = provider(
    doc = "Where a package comes from.",
    fields = {"purl": "package URL"},
)

def _package_metadata_impl(ctx):
    return [PackageMetadataInfo(purl = ctx.attr.purl)]

_package_metadata = rule(
    implementation = _package_metadata_impl,
    attrs = {"purl": attr.string(mandatory = True)},
)

def package_metadata(name, **kwargs):
    # A package's default metadata is this very target: it must not apply to itself.
    _package_metadata(name = name, applicable_licenses = [], **kwargs)
