"""Images from a registry that the build can reach, such as a site's own."""

load("//oci/private:pull.bzl", "image_alias", "image_repository")

# As in rules_oci: an image of another platform is only available through a repository for that platform.
_CPUS = {
    "linux/386": "@platforms//cpu:i386",
    "linux/amd64": "@platforms//cpu:x86_64",
    "linux/arm/v7": "@platforms//cpu:armv7",
    "linux/arm64": "@platforms//cpu:arm64",
    "linux/arm64/v8": "@platforms//cpu:arm64",
    "linux/mips64le": "@platforms//cpu:mips64",
    "linux/ppc64le": "@platforms//cpu:ppc",
    "linux/s390x": "@platforms//cpu:s390x",
}

def _parse(image):
    """Splits [http[s]://]REGISTRY/REPOSITORY[:TAG][@DIGEST]."""
    scheme, separator, rest = image.partition("://")
    if not separator:
        scheme, rest = "https", image
    rest, _, digest = rest.partition("@")
    registry, _, repository = rest.partition("/")
    repository, _, tag = repository.partition(":")
    return scheme, registry, repository, tag, digest

# buildifier: disable=function-docstring-args
# buildifier: disable=unused-variable
def oci_pull(
        name,
        image = None,
        registry = None,
        repository = None,
        digest = None,
        tag = None,
        platforms = None,
        reproducible = True,
        config = None,
        www_authenticate_challenges = None,
        bazel_tags = None,
        is_bzlmod = True):
    """Declares @NAME, and @NAME_OS_ARCHITECTURE[_VARIANT] of each platform. The arguments are those of the real macro.

    It refuses the same arguments as the real macro. An error that depends on the image is reported only when the image is used.
    """
    if bool(registry) != bool(repository):
        fail("oci.pull {}: 'registry' and 'repository' go together: give both, or 'image'".format(name))
    if bool(image) == bool(registry):
        fail("oci.pull {}: give either 'image' or 'registry' and 'repository'".format(name))
    scheme = "https"
    if image:
        scheme, registry, repository, image_tag, image_digest = _parse(image)
        tag = image_tag or tag
        digest = image_digest or digest
    if not digest and not tag:
        fail("oci.pull {}: the image has no 'digest': name the one that is meant".format(name))
    if digest and tag and not reproducible:
        fail("oci.pull {}: 'digest' and 'tag' contradict 'reproducible = False': drop one of them".format(name))

    unsupported = [
        key
        for key, value in {"config": config, "www_authenticate_challenges": www_authenticate_challenges}.items()
        if value
    ]
    source = {
        "digest": digest or "",
        "registry": registry,
        "repository": repository,
        "scheme": scheme,
        "unsupported": unsupported,
    }
    if not platforms:
        image_repository(name = name + "_single", bazel_tags = bazel_tags or [], target = name + "_single", **source)
        image_alias(name = name, image = "@{0}_single//:{0}_single".format(name), target = name, **source)
        return
    images = {}
    for platform in platforms:
        target = "_".join([name] + platform.split("/"))
        image_repository(name = target, bazel_tags = bazel_tags or [], platform = platform, target = target, **source)
        if platform in _CPUS:
            images[_CPUS[platform]] = "@{0}//:{0}".format(target)
    if not images:
        fail("oci.pull {}: none of {} is a platform that @{} can select: one of {} is".format(name, platforms, name, _CPUS.keys()))
    image_alias(name = name, images = images, target = name, **source)
