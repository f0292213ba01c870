"""Real root file systems for the tests of the installer, which read them with tests/roots.

This file is not in tests/roots: a user's build loads the BUILD file of the installer, and must not need the directory tests.
"""

load("//images:distros.bzl", "DISTROS")

# Every Debian release in images/distros.bzl, with its own update-alternatives and without the wrapper.
DEBIAN_ROOTS = [
    "//images/debian:{}_amd64_packages".format(release)
    for release in DISTROS["debian"].releases
]

def debian_roots_env():
    """Returns the environment that passes DEBIAN_ROOTS to a Go test of the calling package.

    The test's data must contain DEBIAN_ROOTS.

    Returns:
        A dict for the attribute env: paths relative to the package's directory, in which Go tests start.
    """
    up = "../" * len(native.package_name().split("/"))
    return {"DEBIAN_ROOTS": ":".join([up + "$(rootpath {})".format(root) for root in DEBIAN_ROOTS])}
