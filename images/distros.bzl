"""The distributions, releases and architectures of the images.

All other lists are derived from this table: the image targets and their tests (images/private), the repositories of
their packages (images/extensions.bzl), the locks (tools/lock) and the README's table. Programs read it as
distros.generated.json, which ./bazelw run //images:update writes, so it may contain only values that JSON has.

To add a release, add an entry here, make a lock (./bazelw run //tools/lock -- DISTRO RELEASE), and for each variant add
a golden listing in images/VARIANT/testdata; the listing's test prints the command. As long as there is no lock, Bazel
skips the release's images and their tests.
"""

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

# Documentation is left out, as in all container images of these distributions. Licence texts stay.
_EXCLUDE = [
    "usr/share/doc/**",
    "usr/share/info/**",
    "usr/share/lintian/**",
    "usr/share/locale/**",
    "usr/share/man/**",
]

_KEEP = [
    "usr/share/doc/*",
    "usr/share/doc/*/copyright",
]

# No command that both modes of iptables execute needs these.
_DISTROLESS_EXCLUDE = [
    "etc/skel/**",
    "etc/update-motd.d/**",
    "usr/lib/*/gconv/**",
    "usr/sbin/ip6tables-apply",
    "usr/sbin/iptables-apply",
    "usr/share/base-files/**",
]

def _debian_registration(name, mode, priority):
    """Returns one update-alternatives --install of iptables.postinst, which is the same from bullseye to forky."""
    link = "/usr/sbin/" + name
    return struct(
        name = name,
        link = link,
        path = link + "-" + mode,
        priority = priority,
        followers = [
            struct(name = name + suffix, link = link + suffix, path = link + "-" + mode + suffix)
            for suffix in ["-restore", "-save"]
        ],
    )

_DEBIAN_REGISTRATIONS = [
    _debian_registration("iptables", "legacy", 10),
    _debian_registration("iptables", "nft", 20),
    _debian_registration("ip6tables", "legacy", 10),
    _debian_registration("ip6tables", "nft", 20),
    _debian_registration("arptables", "nft", 20),
    _debian_registration("ebtables", "nft", 20),
]

# debootstrap creates these symlinks in all four releases. From trixie on, base-files contains them.
_MERGED_USR = {
    "bin": "usr/bin",
    "lib": "usr/lib",
    "sbin": "usr/sbin",
    "var/lock": "/run/lock",
    "var/run": "/run",
}

_APPLETS = [
    family + suffix
    for family in ["iptables", "ip6tables"]
    for suffix in ["", "-restore", "-save"]
]

_DEBIAN_VARIANTS = {
    # A shell, the core utilities and dpkg, as a base for users' Dockerfiles.
    "debian": struct(
        packages = ["base-files", "base-passwd", "coreutils", "dash", "diffutils", "dpkg", "grep", "iptables", "libc-bin", "netbase", "sed"],
        without = [],
        limit = 25000000,
        links = _MERGED_USR,
        directories = {
            "mnt": "0755",
            "opt": "0755",
            "run/lock": "1777",
            "srv": "0755",
        },
        copies = {
            "etc/group": "usr/share/base-passwd/group.master",
            "etc/nsswitch.conf": "usr/share/libc-bin/nsswitch.conf",
            "etc/passwd": "usr/share/base-passwd/passwd.master",
            "etc/profile": "usr/share/base-files/profile",
            "root/.bashrc": "usr/share/base-files/dot.bashrc",
            "root/.profile": "usr/share/base-files/dot.profile",
        },
        texts = {},
        exclude = _EXCLUDE,
        keep = _KEEP,
        metadata = "dpkg",
        alternatives = "dpkg",
        registrations = _DEBIAN_REGISTRATIONS,
        layout = "dpkg-alternatives",
        shell = True,
    ),
    # No shell, no dpkg, no file that both modes can do without. Without an alternatives database, the plain names are
    # symlinks, as upstream's `make install` creates them.
    "distroless": struct(
        packages = ["base-files", "iptables", "netbase"],
        without = ["libgcc-s1", "mawk"],
        limit = 6000000,
        links = _MERGED_USR | {"usr/sbin/" + applet: "xtables-nft-multi" for applet in _APPLETS},
        directories = {"run/lock": "1777"},
        copies = {},
        texts = {
            "etc/group": "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n",
            "etc/passwd": "root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\n",
        },
        exclude = _EXCLUDE + _DISTROLESS_EXCLUDE,
        keep = _KEEP,
        metadata = "dpkg-status.d",
        alternatives = "",
        registrations = [],
        layout = "plain-links",
        shell = False,
    ),
}

# --- Alpine ---

# The packages of Alpine's own minirootfs (aports, scripts/mkimg.minirootfs.sh), and iptables in both modes. The package
# iptables contains the plain names, as symlinks to nft.
_ALPINE_PACKAGES = ["alpine-baselayout", "alpine-keys", "alpine-release", "apk-tools", "busybox", "iptables", "iptables-legacy", "musl-utils"]

# No command that both modes of iptables execute needs these.
_ALPINE_MINIMAL_EXCLUDE = [
    "etc/apk/**",
    "usr/sbin/ip6tables-apply",
    "usr/sbin/iptables-apply",
]

_ALPINE_VARIANTS = {
    # A shell, busybox's commands and apk. tools/pkglayer/layer/alpine.go does what Alpine's image script and busybox's
    # package scripts do.
    "alpine": struct(
        packages = _ALPINE_PACKAGES,
        without = [],
        limit = 12000000,
        links = {},
        directories = {},
        copies = {},
        # Alpine's own images contain the same file.
        texts = {"etc/apk/repositories": "".join([
            "https://dl-cdn.alpinelinux.org/alpine/v{release}/" + repository + "\n"
            for repository in ["main", "community"]
        ])},
        exclude = _EXCLUDE,
        keep = _KEEP,
        metadata = "apk",
        alternatives = "",
        registrations = [],
        layout = "plain-links",
        shell = True,
    ),
    # The counterpart of distroless: no shell, no apk. alpine-release depends on alpine-keys, which only apk reads. The
    # size limit is an estimate as long as there is no lock.
    "alpine-minimal": struct(
        packages = ["alpine-baselayout-data", "alpine-release", "iptables", "iptables-legacy"],
        without = ["alpine-keys"],
        limit = 5000000,
        links = {},
        directories = {
            "root": "0700",
            "run": "0755",
            "tmp": "1777",
        },
        copies = {},
        texts = {},
        exclude = _EXCLUDE + _ALPINE_MINIMAL_EXCLUDE,
        keep = _KEEP,
        metadata = "apk",
        alternatives = "",
        registrations = [],
        layout = "plain-links",
        shell = False,
    ),
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

# --- Fedora ---

def _fedora_registration(name, mode, followers):
    """Returns one update-alternatives --install of %post, without the -man followers, whose files are left out."""
    link = "/usr/bin/"
    return struct(
        name = name,
        link = link + name,
        path = link + name + "-" + mode,
        priority = 10,
        followers = [
            struct(name = follower, link = link + follower, path = link + family + "-" + mode + dash + verb)
            for follower in followers
            for family, dash, verb in [follower.partition("-")]
        ],
    )

# The order is that of the package scripts: among equal priorities, the first registered alternative stays selected.
_FEDORA_FOLLOWERS = ["ip6tables", "iptables-restore", "iptables-save", "ip6tables-restore", "ip6tables-save"]

_FEDORA_REGISTRATIONS = [
    _fedora_registration("iptables", "nft", _FEDORA_FOLLOWERS),
    _fedora_registration("ebtables", "nft", ["ebtables-save", "ebtables-restore"]),
    _fedora_registration("arptables", "nft", ["arptables-save", "arptables-restore"]),
    _fedora_registration("iptables", "legacy", _FEDORA_FOLLOWERS),
]

_FEDORA_VARIANTS = {
    "fedora": struct(
        packages = ["alternatives", "bash", "coreutils-single", "fedora-release-container", "filesystem", "glibc-minimal-langpack", "iptables-legacy", "iptables-nft", "setup"],
        without = [],
        limit = 60000000,
        # This symlink is created before any package is unpacked. The package filesystem contains the other merged
        # directories.
        links = {"usr/sbin": "bin"},
        directories = {},
        copies = {},
        texts = {},
        exclude = _EXCLUDE,
        keep = _KEEP,
        metadata = "rpm-manifest",
        alternatives = "chkconfig",
        registrations = _FEDORA_REGISTRATIONS,
        layout = "chkconfig-one-group",
        shell = True,
    ),
}

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
        variants = _ALPINE_VARIANTS,
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
        variants = _DEBIAN_VARIANTS,
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
        variants = _FEDORA_VARIANTS,
        # SUPPORT_END in each release's /etc/os-release (package fedora-release). Fedora moves a day when its schedule
        # moves, so these days are estimates.
        releases = {
            "43": _release("43", _FEDORA, suites = ["updates"], end = "2026-12-02"),
            "44": _release("44", _FEDORA, suites = ["updates"], end = "2027-05-19"),
            "45": _release("45", _FEDORA, suites = ["updates"], end = "2027-11-24"),
        },
    ),
}
