"""Builds packages of the wrapper for distributions: .deb, .rpm and .apk."""

load("//wrapper:architectures.bzl", "wrapper_binary")

# OCI architecture to each format's name for it.
ARCHITECTURES = {
    "386": struct(deb = "i386", rpm = "i686", apk = "x86"),
    "amd64": struct(deb = "amd64", rpm = "x86_64", apk = "x86_64"),
    "arm/v7": struct(deb = "armhf", rpm = "armv7hl", apk = "armv7"),
    "arm64": struct(deb = "arm64", rpm = "aarch64", apk = "aarch64"),
    "loong64": struct(deb = "loong64", rpm = "loongarch64", apk = "loongarch64"),
    "ppc64le": struct(deb = "ppc64el", rpm = "ppc64le", apk = "ppc64le"),
    "riscv64": struct(deb = "riscv64", rpm = "riscv64", apk = "riscv64"),
    "s390x": struct(deb = "s390x", rpm = "s390x", apk = "s390x"),
}

FORMATS = ["apk", "deb", "rpm"]

# The files in every package besides the wrapper: the variable in nfpm.yaml to the file.
_FILES = {
    "BASH": "//packages:completions/iptables-wrapper.bash",
    "COPYRIGHT": "//packages:copyright",
    "FISH": "//packages:completions/iptables-wrapper.fish",
    "LICENSE": "//:LICENSE",
    "ZSH": "//packages:completions/_iptables-wrapper",
}

def _wrapper_package_impl(ctx):
    package = ctx.actions.declare_file(ctx.label.name)
    args = ctx.actions.args()
    args.add("--config", ctx.file._config)
    args.add("--format", ctx.attr.format)
    args.add("--version", ctx.attr.version or ctx.attr._version[platform_common.TemplateVariableInfo].variables["WRAPPER_VERSION"])
    args.add("--post-install", ctx.file._post_install)
    args.add("--pre-remove", ctx.file._pre_remove)
    args.add("--output", package)
    args.add("--set", ctx.attr.architecture, format = "ARCHITECTURE=%s")
    args.add("--file", ctx.file.wrapper, format = "WRAPPER=%s")
    args.add("--gzip", ctx.file._manual, format = "MANUAL=%s")
    for file, name in ctx.attr.files.items():
        args.add("--file", file[DefaultInfo].files.to_list()[0], format = name + "=%s")
    ctx.actions.run(
        executable = ctx.executable._nfpm,
        arguments = [args],
        inputs = [ctx.file._config, ctx.file._manual, ctx.file._post_install, ctx.file._pre_remove, ctx.file.wrapper] + ctx.files.files,
        outputs = [package],
        mnemonic = "WrapperPackage",
        progress_message = "Packaging the wrapper as %{label}",
    )
    return [DefaultInfo(files = depset([package]))]

_wrapper_package = rule(
    implementation = _wrapper_package_impl,
    attrs = {
        "architecture": attr.string(mandatory = True),
        "files": attr.label_keyed_string_dict(allow_files = True, mandatory = True),
        "format": attr.string(mandatory = True, values = FORMATS),
        "version": attr.string(),
        "wrapper": attr.label(mandatory = True, allow_single_file = True),
        "_config": attr.label(default = "//packages:nfpm.yaml", allow_single_file = True),
        "_manual": attr.label(default = "//packages:iptables-wrapper.8", allow_single_file = True),
        "_nfpm": attr.label(default = "@iptables_wrappers_nfpm//:nfpm", executable = True, cfg = "exec"),
        "_post_install": attr.label(default = "//packages:postinstall.sh", allow_single_file = True),
        "_pre_remove": attr.label(default = "//packages:preremove.sh", allow_single_file = True),
        "_version": attr.label(default = "//wrapper:version"),
    },
)

def wrapper_package(name, format, architecture, version = "", **kwargs):
    """Builds a package of the wrapper.

    Args:
        name: name of the file, which ends in the format.
        format: one of FORMATS.
        architecture: one of ARCHITECTURES.
        version: such as "v1.2.3". Empty means the version of the build (//wrapper:version).
        **kwargs: attributes that every rule has.
    """
    _wrapper_package(
        name = name,
        architecture = getattr(ARCHITECTURES[architecture], format),
        files = {Label(file): variable for variable, file in _FILES.items()},
        format = format,
        version = version,
        wrapper = wrapper_binary(architecture),
        **kwargs
    )
