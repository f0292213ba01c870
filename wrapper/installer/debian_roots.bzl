"""Real root file systems for the tests of the installer, which read them with tests/roots.

Not beside that: a user's build loads the BUILD files of the installer, and has no tests.
"""

load("//images:distros.bzl", "DISTROS")

# Every Debian release of the table: its packages as they are before the wrapper comes, with its own update-alternatives.
DEBIAN_ROOTS = [
    "//images/debian:{}_amd64_packages".format(release)
    for release in DISTROS["debian"].releases
]

def debian_roots_env():
    """The environment that names DEBIAN_ROOTS, which are to be in the test's data, to a Go test of the calling package.

    Returns:
        A dict for the attribute env: paths from the package's folder, which Go tests start in.
    """
    up = "../" * len(native.package_name().split("/"))
    return {"DEBIAN_ROOTS": ":".join([up + "$(rootpath {})".format(root) for root in DEBIAN_ROOTS])}
