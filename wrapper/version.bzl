"""The version that the wrapper prints."""

# The version in MODULE.bazel of a checkout. The Bazel Central Registry's copy of a release contains its number there.
_UNRELEASED = "0.0.0"

def default_version(module_version):
    """Returns the version of a build without a version setting: that of the registry's module, or "devel"."""
    return "v" + module_version if module_version and module_version != _UNRELEASED else "devel"

def _is_release(version):
    numbers = version.partition("-")[0].removeprefix("v").split(".")
    return version.startswith("v") and len(numbers) == 3 and all([number.isdigit() for number in numbers])

def _wrapper_version_impl(ctx):
    version = ctx.build_setting_value
    for character in version.elems():
        if not character.isalnum() and character not in ".-":
            fail("version {}: {} is not allowed in it".format(repr(version), repr(character)))
    if version != "devel" and not _is_release(version):
        fail("version {}: must be vMAJOR.MINOR.PATCH or vMAJOR.MINOR.PATCH-PRERELEASE, such as v1.2.3 or v1.2.3-rc.1".format(repr(version)))
    labels = ctx.actions.declare_file(ctx.label.name + ".labels.txt")
    ctx.actions.write(labels, "".join([
        "org.opencontainers.image.source=https://github.com/iptables-wrappers/iptables-wrappers\n",
        "org.opencontainers.image.version={}\n".format(version),
    ]))
    return [
        DefaultInfo(files = depset([labels])),
        platform_common.TemplateVariableInfo({"WRAPPER_VERSION": version}),
    ]

# A build setting instead of Bazel's stamping: a binary depends only on the requested version. So it is the same on
# every machine, and a build with the same version finds everything in the cache.
wrapper_version = rule(
    implementation = _wrapper_version_impl,
    doc = "`--NAME=v1.2.3`: $(WRAPPER_VERSION) for those who name it in `toolchains`; its file has an image's labels.",
    build_setting = config.string(flag = True),
)
