"""The images of one variant. This macro declares all targets of the variant's Bazel package from images/distros.bzl."""

load("@container_structure_test//:defs.bzl", "container_structure_test")
load("@distro_packages//:locks.bzl", "LOCKED", "as_committed")
load("@rules_oci//oci:defs.bzl", "oci_image", "oci_image_index", "oci_load", "oci_push")
load("@rules_shell//shell:sh_test.bzl", "sh_test")
load("//images:commands.bzl", "command_tests")
load("//images:distros.bzl", "DISTROS")
load("//images:names.bzl", "image_name", "packages_target")
load("//images:nightly.bzl", "TESTED", "nightly_tags", "test_sets")
load("//images/private:layer_listing.bzl", "layer_listing", "layer_listing_test")
load("//tools/pkglayer:package_layer.bzl", "package_layer")
load("//tools/wrappercheck:wrapper_structure_test.bzl", "wrapper_files_test")
load("//tools/wrapperlayer:wrapper_layer.bzl", "iptables_wrapper_installer_layer", "iptables_wrapper_layer")
load("//wrapper:architectures.bzl", "ARCHITECTURES")

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

# The labels of an image: the wrapper's version and source.
_LABELS = "//wrapper:version"

# The tests of one image, by the last part of their names.
IMAGE_TESTS = ["commands_test", "files_test", "installer_commands_test"]

# The golden listings contain type, mode and symlink target of these paths.
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

def _tags(architecture):
    return [] if architecture in TESTED else nightly_tags("nightly")

def _commands_test(image, architecture, configs):
    """Declares a test that executes commands of an image. Bazel skips it on machines of another architecture, and tests/foreign executes them."""
    container_structure_test(
        name = image + "_commands_test",
        configs = configs,
        image = image,
        platform = "linux/" + architecture,
        tags = ["no-remote"] + _tags(architecture),
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
        tags = ["no-remote"] + _tags(architecture),
        visibility = ["//tests/engines:__pkg__"],
    )
    layer_listing(
        name = name("listing"),
        layers = [name("packages"), name("wrapper")],
        only = _LISTED + (["usr/sbin", sbin + "/*tables*"] if sbin != "usr/sbin" else []),
    )

def _release_tests(distro, variant, release, set):
    """Declares tests that each cover the images of several architectures: one target for each would cost Bazel more than the test."""

    def names(part = None):
        return [image_name(release, architecture, part) for architecture in set.architectures]

    wrapper_files_test(
        name = image_name(release, part = "wrapper" + set.suffix),
        size = "small",
        images = names(),
        tags = set.tags,
    )
    layer_listing_test(
        name = image_name(release, part = "layers" + set.suffix),
        golden = "testdata/{}.mtree".format(release),
        listings = names("listing"),
        tags = set.tags,
        target_compatible_with = as_committed(distro, release),
    )
    sh_test(
        name = image_name(release, part = "size" + set.suffix),
        size = "small",
        srcs = ["//images/private:size_test.sh"],
        args = [str(DISTROS[distro].variants[variant].limit)] + ["$(rootpath :{})".format(image) for image in names()],
        data = names(),
        tags = set.tags,
    )

def _without_lock(distro, variant, release, architecture):
    """Declares the index and one test for a release without a lock. Bazel skips both, and names the constraint, whose name tells you what to do."""
    packages = "@distro_packages//{}/{}:{}".format(distro, release, packages_target(architecture, variant))
    native.alias(
        name = image_name(release),
        actual = packages,
    )
    sh_test(
        name = image_name(release, part = "lock_test"),
        size = "small",
        srcs = ["//images/private:size_test.sh"],
        data = [packages],
    )

def _distro_files():
    """Declares the files that all variants of a distribution share: its keys and locks, if there are any."""
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
    """Declares the layers, images and tests of a variant, for each release and architecture.

    The variant with the name of its distribution also declares the distribution's keys and locks. The suite "nightly"
    contains the tests that are not in //...

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
        if distro + "/" + release not in LOCKED:
            _without_lock(distro, variant, release, facts.architectures.keys()[0])
            continue
        for architecture in facts.architectures:
            _images(distro, variant, release, architecture)
        for set in test_sets(facts.architectures, "nightly"):
            _release_tests(distro, variant, release, set)
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

    nightly = [
        name
        for name, target in native.existing_rules().items()
        if target["kind"].endswith("_test") and "nightly" in target["tags"]
    ]

    # A test_suite with an empty list of tests would contain all tests of the package.
    if nightly:
        native.test_suite(
            name = "nightly",
            tags = ["manual"],  # its tests are not in //...
            tests = nightly,
            visibility = ["//:__pkg__"],
        )
