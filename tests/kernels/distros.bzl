"""The kernels that the matrix boots, in the format of images/distros.bzl, for tools/lock.

On amd64 these are Debian's kernels for cloud machines. They are small, and contain netfilter as modules, so that the
matrix can choose the modules. The newest kernel is testing's, because packages that are only in unstable leave the
mirrors within days. Each other architecture has one kernel, of the newest release with a kernel for it whose index the
mirrors keep complete. To make or refresh a lock:

    ./bazelw run //tools/lock -- -dir tests/kernels debian RELEASE
"""

# A kernel package depends on these tools, which make an initial file system. Booting the kernel does not need them.
_WITHOUT = ["dracut", "initramfs-tools", "kmod", "linux-base"]

# Debian's architecture to the name of the kernel package.
_PACKAGES = {
    "amd64": ["linux-image-cloud-amd64"],
    "arm64": ["linux-image-arm64"],
    "armhf": ["linux-image-armmp"],
    "i386": ["linux-image-686"],
    "ppc64el": ["linux-image-powerpc64le"],
    "riscv64": ["linux-image-riscv64"],
    "s390x": ["linux-image-s390x"],
}

def _release(version, architectures):
    return struct(version = version, architectures = architectures, suites = [])

DISTROS = {
    "debian": struct(
        title = "Debian",
        format = "deb",
        variants = {"kernel": struct(packages = [], own = _PACKAGES, without = _WITHOUT)},
        releases = {
            "bullseye": _release("11", {"amd64": "amd64"}),
            # The last release with a kernel for i386.
            "bookworm": _release("12", {"386": "i386", "amd64": "amd64"}),
            "trixie": _release("13", {"amd64": "amd64", "arm/v7": "armhf", "arm64": "arm64", "riscv64": "riscv64"}),
            "forky": _release("14", {"amd64": "amd64", "ppc64le": "ppc64el", "s390x": "s390x"}),
        },
    ),
}

# The Debian release whose images are booted on the kernels of other architectures.
IMAGES = "trixie"

# OCI architecture of an image to the kernels that execute it, as release and architecture. A 64-bit kernel executes 32-bit
# programs through its compat layer.
MACHINES = {
    "386": [
        ("bookworm", "386"),
        ("bookworm", "amd64"),
    ],
    "arm/v7": [
        ("trixie", "arm/v7"),
        ("trixie", "arm64"),
    ],
    "arm64": [("trixie", "arm64")],
    "ppc64le": [("forky", "ppc64le")],
    "riscv64": [("trixie", "riscv64")],
    "s390x": [("forky", "s390x")],
}
