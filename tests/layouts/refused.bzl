"""Layouts without one of the modes: the installation fails with one line that contains the remedy.

In those with nft, the installation succeeds with the option for images that intentionally have nft only.
"""

load(":parts.bzl", "FEDORA_ORDER", "MERGED_USR", "layout", "package", "registration")

_NO_LEGACY = ("iptables has no legacy variant here: install the package that contains xtables-legacy-multi: iptables-legacy (Alpine, " +
              "Fedora, EPEL 9 and 10) or iptables (Debian); RHEL, UBI and SLES 16 have only nft: use another base image, or install " +
              "with --nft-only if every host is in nft mode")

_NO_NFT = ("iptables has no nft variant here: install the package that contains xtables-nft-multi: iptables-nft (Fedora, RHEL) or " +
           "iptables (others); a distribution that builds iptables without nft cannot be used")

REFUSED = {
    "apk-without-legacy": layout(
        "Alpine 3.19 and later without iptables-legacy",
        "apk",
        "/usr/sbin",
        [package("iptables", "usr/sbin", ["nft"], plain = "xtables-nft-multi", others = True)],
        refusal = _NO_LEGACY,
    ),
    # The package contains the plain names as files, and no file is called iptables-nft.
    "nft-only-renamed": layout(
        "RHEL 8, CentOS 8, UBI 8",
        "rpm",
        "/usr/sbin",
        [package("iptables", "usr/sbin", ["nft"], spelled = [], plain = "xtables-nft-multi")],
        refusal = _NO_LEGACY,
        links = MERGED_USR,
    ),
    "chkconfig-nft-only": layout(
        "RHEL 9, CentOS Stream 9, UBI 9",
        "rpm",
        "/usr/sbin",
        [package("iptables-nft", "usr/sbin", ["nft"])],
        refusal = _NO_LEGACY,
        links = MERGED_USR,
        alternatives = "chkconfig",
        registrations = [registration("/usr/sbin", FEDORA_ORDER, "nft", 10)],
    ),
    "nft-only": layout(
        "SLES 16",
        "rpm",
        "/usr/sbin",
        [package("iptables", "usr/sbin", ["nft"], plain = "/usr/sbin/xtables-nft-multi")],
        refusal = _NO_LEGACY,
        links = MERGED_USR,
    ),
    "legacy-only": layout(
        "Mariner 2",
        "rpm",
        "/usr/sbin",
        [package("iptables", "usr/sbin", ["legacy"], plain = "xtables-legacy-multi")],
        refusal = _NO_NFT,
        links = MERGED_USR,
    ),
}
