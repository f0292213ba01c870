"The repository that Bazel's own modules import, without a binary in it."

def _empty_impl(ctx):
    ctx.file("BUILD.bazel")

_empty = repository_rule(implementation = _empty_impl)

buildozer_binary = module_extension(
    implementation = lambda _ctx: _empty(name = "buildozer_binary"),
)
