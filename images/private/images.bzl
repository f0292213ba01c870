"""The images of one variant: everything in its Bazel package comes from images/distros.bzl through this macro."""

load("//images:distros.bzl", "DISTROS")
load("//images/private:names.bzl", "image_name", "packages_target")
load("//images/private:package_layer.bzl", "package_layer")

def distro_images(distro, variant):
    """Declares the images of a variant: for each release and architecture the layers, the images and their tests.

    Args:
        distro: key of DISTROS.
        variant: key of its variants.
    """
    entry = DISTROS[distro]
    for release, facts in entry.releases.items():
        for architecture in facts.architectures:
            package_layer(
                name = image_name(release, architecture, "packages"),
                packages = "@distro_packages//{}/{}:{}".format(distro, release, packages_target(architecture, variant)),
                variant = entry.variants[variant],
                links = facts.links.get(architecture, {}),
                visibility = ["//visibility:public"],
            )
