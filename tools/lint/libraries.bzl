"""Lists the libraries that a Go program consists of."""

_LibrariesInfo = provider(
    doc = "The libraries that a target consists of.",
    fields = {"labels": "depset of labels, as text"},
)

def _libraries_aspect_impl(target, ctx):
    below = [
        dep[_LibrariesInfo].labels
        for attribute in ["embed", "deps"]
        for dep in getattr(ctx.rule.attr, attribute, [])
    ]
    return [_LibrariesInfo(labels = depset([str(target.label)], transitive = below))]

_libraries_aspect = aspect(
    implementation = _libraries_aspect_impl,
    attr_aspects = ["deps", "embed"],
)

def _libraries_impl(ctx):
    out = ctx.actions.declare_file(ctx.label.name + ".txt")
    ctx.actions.write(out, "\n".join(ctx.attr.program[_LibrariesInfo].labels.to_list()) + "\n")
    return [DefaultInfo(files = depset([out]))]

libraries = rule(
    implementation = _libraries_impl,
    doc = "Writes NAME.txt with one label per line. genquery cannot be used: it would load rules_go's toolchain, which has a cycle.",
    attrs = {"program": attr.label(mandatory = True, aspects = [_libraries_aspect])},
)
