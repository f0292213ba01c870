"""The module extension `oci`."""

load(":pull.bzl", "oci_pull")

def _oci_impl(module_ctx):
    for module in module_ctx.modules:
        for pull in module.tags.pull:
            oci_pull(**{key: getattr(pull, key) for key in _PULL})

_PULL = {
    "name": attr.string(mandatory = True),
    "image": attr.string(),
    "registry": attr.string(),
    "repository": attr.string(),
    "digest": attr.string(),
    "tag": attr.string(),
    "platforms": attr.string_list(),
    "reproducible": attr.bool(default = True),
    "config": attr.label(),
    "www_authenticate_challenges": attr.string_dict(),
    "bazel_tags": attr.string_list(),
}

# The real rules have toolchains. This module needs none.
_toolchains = tag_class(attrs = {"name": attr.string(default = "oci")})

oci = module_extension(
    implementation = _oci_impl,
    tag_classes = {"pull": tag_class(attrs = _PULL), "toolchains": _toolchains},
)
