"""What each variant's images contain, for the table in distros.bzl: packages, files beside them, and alternatives.

The values become part of distros.generated.json, so they may be only those that JSON has.
"""

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

# limit: the largest allowed size of a compressed image, in bytes (size_test.sh). metadata, alternatives: the formats of
# the package database and of the alternatives state (tools/pkglayer/layer/settings.go).
def _variant(
        packages,
        limit,
        metadata,
        shell,
        without = [],
        links = {},
        directories = {},
        copies = {},
        texts = {},
        exclude = [],
        alternatives = "",
        registrations = []):
    return struct(
        packages = packages,
        without = without,
        limit = limit,
        links = links,
        directories = directories,
        copies = copies,
        texts = texts,
        exclude = _EXCLUDE + exclude,
        keep = _KEEP,
        metadata = metadata,
        alternatives = alternatives,
        registrations = registrations,
        shell = shell,
    )

# --- Debian ---

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

DEBIAN_VARIANTS = {
    # A shell, the core utilities and dpkg, as a base for users' Dockerfiles.
    "debian": _variant(
        packages = ["base-files", "base-passwd", "coreutils", "dash", "diffutils", "dpkg", "grep", "iptables", "libc-bin", "netbase", "sed"],
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
        metadata = "dpkg",
        alternatives = "dpkg",
        registrations = _DEBIAN_REGISTRATIONS,
        shell = True,
    ),
    # No shell, no dpkg, no file that both modes can do without. Without an alternatives database, the plain names are
    # symlinks, as upstream's `make install` creates them.
    "distroless": _variant(
        packages = ["base-files", "iptables", "netbase"],
        without = ["libgcc-s1", "mawk"],
        limit = 6000000,
        links = _MERGED_USR | {"usr/sbin/" + applet: "xtables-nft-multi" for applet in _APPLETS},
        directories = {"run/lock": "1777"},
        texts = {
            "etc/group": "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n",
            "etc/passwd": "root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\n",
        },
        exclude = _DISTROLESS_EXCLUDE,
        metadata = "dpkg-status.d",
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

ALPINE_VARIANTS = {
    # A shell, busybox's commands and apk. tools/pkglayer/layer/alpine.go does what Alpine's image script and busybox's
    # package scripts do.
    "alpine": _variant(
        packages = _ALPINE_PACKAGES,
        limit = 12000000,
        # Alpine's own images contain the same file.
        texts = {"etc/apk/repositories": "".join([
            "https://dl-cdn.alpinelinux.org/alpine/v{release}/" + repository + "\n"
            for repository in ["main", "community"]
        ])},
        metadata = "apk",
        shell = True,
    ),
    # The counterpart of distroless: no shell, no apk. alpine-release depends on alpine-keys, which only apk reads. The
    # size limit is an estimate as long as there is no lock.
    "alpine-minimal": _variant(
        packages = ["alpine-baselayout-data", "alpine-release", "iptables", "iptables-legacy"],
        without = ["alpine-keys"],
        limit = 5000000,
        directories = {
            "root": "0700",
            "run": "0755",
            "tmp": "1777",
        },
        exclude = _ALPINE_MINIMAL_EXCLUDE,
        metadata = "apk",
        shell = False,
    ),
}

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

FEDORA_VARIANTS = {
    "fedora": _variant(
        packages = ["alternatives", "bash", "coreutils-single", "fedora-release-container", "filesystem", "glibc-minimal-langpack", "iptables-legacy", "iptables-nft", "setup"],
        limit = 60000000,
        # This symlink is created before any package is unpacked. The package filesystem contains the other merged
        # directories.
        links = {"usr/sbin": "bin"},
        metadata = "rpm-manifest",
        alternatives = "chkconfig",
        registrations = _FEDORA_REGISTRATIONS,
        shell = True,
    ),
}
