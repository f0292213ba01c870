"""The names of all targets and repositories that are made from images/distros.bzl. No other file composes them."""

load("//wrapper:architectures.bzl", "architecture_name")

def repository_name(distro, release, architecture):
    """Returns the repository with the packages of one architecture of a release."""
    return "{}_{}_{}".format(distro, release, architecture_name(architecture))

def packages_target(architecture, variant):
    """Returns the target in @distro_packages//DISTRO/RELEASE with the packages of one image."""
    return "{}_{}".format(architecture_name(architecture), variant)

def image_name(release, architecture = None, part = None):
    """Returns a target of one image or, without an architecture, of the index over all architectures.

    Args:
        release: such as "trixie".
        architecture: OCI architecture, or None.
        part: part of the image. None is the image itself, "packages" and "wrapper" are layers, "base" is the image
            without the wrapper, "installer" is the base with the installer, which was not executed. Other parts are
            tests and helpers.

    Returns:
        RELEASE[_ARCHITECTURE][_PART]
    """
    words = [release, architecture_name(architecture) if architecture else None, part]
    return "_".join([word for word in words if word])
