"""The module extension `oci`. A pulled image may be declared; only a target that uses it fails."""

load(":pull.bzl", "pull_unavailable")

def _unavailable_impl(repository_ctx):
    fail(pull_unavailable(repository_ctx.attr.image))

_unavailable = repository_rule(
    implementation = _unavailable_impl,
    attrs = {"image": attr.string(mandatory = True)},
    doc = "A repository that cannot be had here.",
)

def _oci_impl(module_ctx):
    for module in module_ctx.modules:
        for pull in module.tags.pull:
            variants = ["_" + platform.replace("/", "_") for platform in pull.platforms] or ["_single"]
            for suffix in [""] + variants:
                _unavailable(name = pull.name + suffix, image = pull.name)

_pull = tag_class(attrs = {
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
})

# Toolchains of the real rules: nothing here needs one.
_toolchains = tag_class(attrs = {"name": attr.string(default = "oci")})

oci = module_extension(
    implementation = _oci_impl,
    tag_classes = {"pull": _pull, "toolchains": _toolchains},
)
