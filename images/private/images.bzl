"""The images of one variant: everything in its Bazel package comes from images/distros.bzl through this macro."""

load("@container_structure_test//:defs.bzl", "container_structure_test")
load("@distro_packages//:locks.bzl", "LOCKED", "as_committed")
load("@rules_oci//oci:defs.bzl", "oci_image", "oci_image_index", "oci_load", "oci_push")
load("@rules_shell//shell:sh_test.bzl", "sh_test")
load("//images:distros.bzl", "DISTROS")
load("//images/private:commands.bzl", "command_tests")
load("//images/private:layer_listing.bzl", "layer_listing", "layer_listing_test")
load("//images/private:names.bzl", "image_name", "packages_target")
load("//images/private:package_layer.bzl", "package_layer")
load("//images/private:wrapper_layer.bzl", "ARCHITECTURES", "iptables_wrapper_installer_layer", "iptables_wrapper_layer")
load("//images/private:wrapper_structure_test.bzl", "wrapper_files_test")

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

# What an image says of itself: the wrapper's version and source.
_LABELS = "//wrapper:version"

# The paths whose type, mode and link target the golden listings hold.
_LISTED = [
    "bin",
    "etc/alternatives/*",
    "lib",
    "sbin",
    "tmp",
    "usr/sbin/**",
    "var/lib/alternatives/*",
    "var/lib/dpkg/alternatives/*",
    "var/run",
]

def _image(name, variant, architecture, **kwargs):
    words = architecture.split("/")
    oci_image(
        name = name,
        architecture = words[0],
        cmd = ["/bin/sh"] if variant.shell else None,
        env = {"PATH": _PATH},
        os = "linux",
        variant = words[1] if len(words) > 1 else None,
        **kwargs
    )

def _commands_test(image, architecture, configs):
    """Declares the test that executes an image's commands. Only machines of the architecture run it; tests/foreign does for the others."""
    container_structure_test(
        name = image + "_commands_test",
        configs = configs,
        image = image,
        platform = "linux/" + architecture,
        tags = ["no-remote"],
        target_compatible_with = [ARCHITECTURES[architecture]],
        visibility = ["//tests/engines:__pkg__"],
    )

def _images(distro, variant_name, release, architecture):
    variant = DISTROS[distro].variants[variant_name]
    facts = DISTROS[distro].releases[release]
    sbin = DISTROS[distro].sbin.removeprefix("/")
    packages = "@distro_packages//{}/{}:{}".format(distro, release, packages_target(architecture, variant_name))

    def name(part = None):
        return image_name(release, architecture, part)

    package_layer(
        name = name("packages"),
        links = facts.links.get(architecture, {}),
        packages = packages,
        release = release,
        variant = variant,
        visibility = ["//visibility:public"],
    )
    _image(
        name = name("base"),
        architecture = architecture,
        tars = [name("packages")],
        variant = variant,
        visibility = ["//visibility:public"],
    )
    iptables_wrapper_layer(
        name = name("wrapper"),
        architecture = architecture,
        base = name("base"),
        visibility = ["//visibility:public"],
    )
    oci_image(
        name = name(),
        base = name("base"),
        labels = _LABELS,
        tars = [name("wrapper")],
        visibility = ["//visibility:public"],
    )
    iptables_wrapper_installer_layer(
        name = name("installer_files"),
        architecture = architecture,
    )
    oci_image(
        name = name("installer"),
        base = name("base"),
        labels = _LABELS,
        tars = [name("installer_files")],
        visibility = ["//visibility:public"],
    )
    for part, configs in command_tests(variant_name, variant).items():
        _commands_test(name(part), architecture, configs)
    oci_load(
        name = name("load"),
        image = name(),
        repo_tags = ["iptables-wrappers/{}:{}".format(variant_name, release)],
        visibility = ["//visibility:public"],
    )
    container_structure_test(
        name = name("files_test"),
        size = "small",
        configs = ["testdata/files.yaml"],
        image = name(),
        platform = "linux/" + architecture,
        tags = ["no-remote"],
        visibility = ["//tests/engines:__pkg__"],
    )
    layer_listing(
        name = name("listing"),
        layers = [name("packages"), name("wrapper")],
        only = _LISTED + (["usr/sbin", sbin + "/*tables*"] if sbin != "usr/sbin" else []),
    )

def _release_tests(distro, variant, release, architectures):
    """What is tested of all architectures' images at once: for each by itself, Bazel would do more than the test."""

    def names(part = None):
        return [image_name(release, architecture, part) for architecture in architectures]

    wrapper_files_test(
        name = image_name(release, part = "wrapper_test"),
        size = "small",
        images = names(),
    )
    layer_listing_test(
        name = image_name(release, part = "layers_test"),
        # Without a lock there is nothing to list yet: the test is skipped for the same reason as the images.
        golden = "testdata/{}.mtree".format(release) if distro + "/" + release in LOCKED else names("packages")[0],
        listings = names("listing"),
        target_compatible_with = as_committed(distro, release),
    )
    sh_test(
        name = image_name(release, part = "size_test"),
        size = "small",
        srcs = ["//images/private:size_test.sh"],
        args = [str(DISTROS[distro].variants[variant].limit)] + ["$(rootpath :{})".format(image) for image in names()],
        data = names(),
    )

def _distro_files():
    """What the folder of a distribution has for all of its variants: keys and locks, none until there are any."""
    native.filegroup(
        name = "public_keys",
        srcs = native.glob(
            ["keys", "keys/*"],
            allow_empty = True,
        ),
        visibility = ["//tools/lock:__pkg__"],
    )
    native.filegroup(
        name = "locks",
        srcs = native.glob(
            ["*/packages.lock.json"],
            allow_empty = True,
        ),
        visibility = ["//images/update:__pkg__", "//tools/lock:__pkg__"],
    )

def distro_images(distro, variant):
    """Declares the images of a variant: for each release and architecture the layers, the images and their tests.

    The variant that is called as its distribution has the distribution's keys and locks, too.

    Args:
        distro: key of DISTROS.
        variant: key of its variants.
    """
    if variant == distro:
        _distro_files()
    native.exports_files(
        ["testdata/commands.yaml", "testdata/installer_commands.yaml"],
        visibility = ["//tests/foreign:__pkg__"],
    )
    for release, facts in DISTROS[distro].releases.items():
        for architecture in facts.architectures:
            _images(distro, variant, release, architecture)
        _release_tests(distro, variant, release, facts.architectures)
        for part in [None, "installer"]:
            oci_image_index(
                name = image_name(release, part = part),
                images = [image_name(release, architecture, part) for architecture in facts.architectures],
                visibility = ["//visibility:public"],
            )
        oci_push(
            name = image_name(release, part = "push"),
            image = image_name(release),
            remote_tags = [release],
            repository = "ghcr.io/iptables-wrappers/iptables-" + variant,
            visibility = ["//visibility:public"],
        )
