"""The kernels that the matrix boots, in the form of images/distros.bzl, for tools/lock.

Debian's kernels for cloud machines: small, and netfilter is in modules, so that what a kernel has can be chosen. The
newest is testing's: what is in unstable alone leaves the mirrors within days. To make or refresh a lock:

    ./bazelw run //tools/lock -- -folder tests/kernels debian RELEASE
"""

# What installing a kernel asks for and booting it does not: the programs that would make an initial file system.
_WITHOUT = ["dracut", "initramfs-tools", "kmod", "linux-base"]

def _release(version):
    return struct(version = version, architectures = {"amd64": "amd64"}, suites = [])

DISTROS = {
    "debian": struct(
        title = "Debian",
        format = "deb",
        variants = {"kernel": struct(packages = ["linux-image-cloud-amd64"], without = _WITHOUT)},
        releases = {
            "bullseye": _release("11"),
            "bookworm": _release("12"),
            "trixie": _release("13"),
            "forky": _release("14"),
        },
    ),
}
