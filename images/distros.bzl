"""The distributions, releases and architectures of the images.

All other lists are derived from this table: the image targets and their tests (images/private), the repositories of
their packages (images/extensions.bzl), the locks (tools/lock) and the README's table. Programs read it as
distros.generated.json, which ./bazelw run //images:update writes, so it may contain only values that JSON has.

To add a release, add an entry here, make a lock (./bazelw run //tools/lock -- DISTRO RELEASE), and for each variant add
a golden listing in images/VARIANT/testdata; the listing's test prints the command. As long as there is no lock, Bazel
skips the release's images and their tests.
"""

load("//images/private:variants.bzl", "ALPINE_VARIANTS", "DEBIAN_VARIANTS", "FEDORA_VARIANTS")

# OCI architecture (with its variant) to Debian's name for it, for each architecture that the wrapper is built for.
_DEBIAN = {
    "386": "i386",
    "amd64": "amd64",
    "arm/v7": "armhf",
    "arm64": "arm64",
    "loong64": "loong64",
    "ppc64le": "ppc64el",
    "riscv64": "riscv64",
    "s390x": "s390x",
}

# OCI architecture to Alpine's name for it, for each architecture that the wrapper is built for.
_ALPINE = {
    "386": "x86",
    "amd64": "x86_64",
    "arm/v7": "armv7",
    "arm64": "aarch64",
    "loong64": "loongarch64",
    "ppc64le": "ppc64le",
    "riscv64": "riscv64",
    "s390x": "s390x",
}

# The key that the builder of each architecture has signed with since 3.15, according to Alpine's package alpine-keys.
# The older 2048-bit keys are for older releases.
_ALPINE_KEYS = [
    "alpine-linux/alpine-devel@lists.alpinelinux.org-{}.rsa.pub".format(key)
    for key in [
        "6165ee59",  # x86_64
        "61666e3f",  # x86
        "616abc23",  # ppc64le
        "616ac3bc",  # s390x
        "616adfeb",  # armv7
        "616ae350",  # aarch64
        "616db30d",  # riscv64
        "66ba20fe",  # loongarch64
    ]
]

# Fedora publishes the last two in a tree beside that of its main mirrors.
_FEDORA = {
    "amd64": "x86_64",
    "arm64": "aarch64",
    "ppc64le": "ppc64le",
    "s390x": "s390x",
}

# end: the last day on which the distribution supports a release, as YYYY-MM-DD; empty if the distribution has not named
# one. The nightly test //images:calendar_test fails if that day is past and the release is not marked with supported =
# False. The README shows supported.

# suites: repositories in addition to the release's own. Fedora publishes fixes in "updates".
def _release(version, architectures, end, suites = [], supported = True):
    return struct(version = version, architectures = architectures, suites = suites, links = {}, end = end, supported = supported)

def _debian_release(codename, version, oci_architectures, end, supported = True):
    return struct(
        version = version,
        architectures = {oci: _DEBIAN[oci] for oci in oci_architectures},
        # Debian publishes fixes between point releases in this suite. It has fewer architectures: those that LTS does
        # not support are missing.
        suites = [codename + "-security"],
        # The directory of the dynamic linker on architectures that have one. Until bookworm, base-files does not
        # contain it.
        links = {oci: {"lib64": "usr/lib64"} for oci in oci_architectures if oci in ["amd64", "loong64", "ppc64le"]},
        end = end,
        supported = supported,
    )

# due: expected releases. From the given day on, the nightly test fails until the table contains the release.
#
# keys: the files of Debian's package distribution-gpg-keys that images/DISTRO/keys contains. With these keys the
# distribution signs the index or the packages of the releases and architectures here. ./bazelw run //tools/lock/keys
# fetches them.
DISTROS = {
    "alpine": struct(
        title = "Alpine",
        format = "apk",
        due = {"3.25": "2026-12-31"},  # a branch every May or June and every November or December
        keys = _ALPINE_KEYS,
        sbin = "/usr/sbin",
        variants = ALPINE_VARIANTS,
        # Alpine supports a branch for two years from its month: https://alpinelinux.org/releases/. For 3.24:
        # https://endoflife.date/alpine-linux.
        releases = {
            "3.22": _release("3.22", _ALPINE, end = "2027-05-01"),
            "3.23": _release("3.23", _ALPINE, end = "2027-11-01"),
            "3.24": _release("3.24", _ALPINE, end = "2028-06-01"),
        },
    ),
    "debian": struct(
        title = "Debian",
        format = "deb",
        due = {},
        keys = [],  # one file, from the package debian-archive-keyring
        sbin = "/usr/sbin",
        variants = DEBIAN_VARIANTS,
        # The ends are those of LTS, which has fewer architectures: debian.csv in the package distro-info-data. Testing
        # has no end yet.
        releases = {
            "bullseye": _debian_release("bullseye", "11", ["386", "amd64", "arm/v7", "arm64"], end = "2026-08-31", supported = False),
            "bookworm": _debian_release("bookworm", "12", ["386", "amd64", "arm/v7", "arm64", "ppc64le", "s390x"], end = "2028-06-30"),
            "trixie": _debian_release("trixie", "13", ["386", "amd64", "arm/v7", "arm64", "ppc64le", "riscv64", "s390x"], end = "2030-06-30"),
            "forky": _debian_release("forky", "14", ["386", "amd64", "arm/v7", "arm64", "loong64", "ppc64le", "riscv64", "s390x"], end = ""),
        },
    ),
    "fedora": struct(
        title = "Fedora",
        format = "rpm",
        due = {},
        keys = ["fedora/RPM-GPG-KEY-fedora-{}-primary".format(release) for release in ["43", "44", "45"]],
        sbin = "/usr/bin",
        variants = FEDORA_VARIANTS,
        # SUPPORT_END in each release's /etc/os-release (package fedora-release). Fedora moves a day when its schedule
        # moves, so these days are estimates.
        releases = {
            "43": _release("43", _FEDORA, suites = ["updates"], end = "2026-12-02"),
            "44": _release("44", _FEDORA, suites = ["updates"], end = "2027-05-19"),
            "45": _release("45", _FEDORA, suites = ["updates"], end = "2027-11-24"),
        },
    ),
}
