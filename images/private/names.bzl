"""How everything made from images/distros.bzl is named: the only place where names are put together."""

def architecture_name(architecture):
    """An OCI architecture as part of a label: arm/v7 becomes arm_v7."""
    return architecture.replace("/", "_")

def repository_name(distro, release, architecture):
    """The repository with the packages of one architecture of a release."""
    return "{}_{}_{}".format(distro, release, architecture_name(architecture))

def packages_target(architecture, variant):
    """The target in @distro_packages//DISTRO/RELEASE with the packages of one image."""
    return "{}_{}".format(architecture_name(architecture), variant)

def image_name(release, architecture = None, part = None):
    """A target of one image, or with no architecture of the index over all of them.

    Args:
        release: such as "trixie".
        architecture: OCI architecture, or None.
        part: what of the image; None is the image itself. "packages" and "wrapper" are layers, "base" the image
            without the wrapper, "installer" its twin that carries the installer and has not run it; others are tests
            and helpers.

    Returns:
        RELEASE[_ARCHITECTURE][_PART]
    """
    words = [release, architecture_name(architecture) if architecture else None, part]
    return "_".join([word for word in words if word])
