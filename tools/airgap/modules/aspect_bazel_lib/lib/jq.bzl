"""The toolchain of jq, which is the machine's own."""

JqInfo = provider(doc = "How to run jq.", fields = {"bin": "The program."})

jq_toolchain = rule(
    implementation = lambda ctx: platform_common.ToolchainInfo(jqinfo = JqInfo(bin = ctx.file.jq)),
    attrs = {"jq": attr.label(allow_single_file = True, mandatory = True)},
)
