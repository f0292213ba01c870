"""Layouts without one of the modes: the installation fails with one line that contains the remedy.

In those with nft, the installation succeeds with the option for images that intentionally have nft only.
"""

load(":parts.bzl", "FEDORA_ORDER", "MERGED_USR", "layout", "package", "registration")

_NFT_ONLY = ", or install with --nft-only if every host is in nft mode"

def _refused(covers, format, sbin, packages, os_release, line, **more):
    """Returns a layout that lacks a mode.

    The remedy depends on the distribution, so these rows contain the relevant lines of an os-release file.
    """
    texts = {"etc/os-release": os_release}
    release = package("release", "etc", texts = texts)
    return layout(covers, format, sbin, packages + [release], refusal = line, **more)

REFUSED = {
    "apk-without-legacy": _refused(
        "Alpine 3.19 and later without iptables-legacy",
        "apk",
        "/usr/sbin",
        [package("iptables", "usr/sbin", ["nft"], plain = "xtables-nft-multi", others = True)],
        "ID=alpine\nVERSION_ID=3.22.2\n",
        "iptables has no legacy variant here: apk add iptables-legacy (Alpine 3.19 and later package it alone)" + _NFT_ONLY,
    ),
    # The package contains the plain names as files, and no file is called iptables-nft.
    "nft-only-renamed": _refused(
        "RHEL 8, CentOS 8, UBI 8",
        "rpm",
        "/usr/sbin",
        [package("iptables", "usr/sbin", ["nft"], spelled = [], plain = "xtables-nft-multi")],
        "ID=\"centos\"\nID_LIKE=\"rhel fedora\"\nVERSION_ID=\"8\"\n",
        "iptables has no legacy variant here: RHEL 8, UBI 8 and SLES 16 ship only nft: use another base image" + _NFT_ONLY,
        links = MERGED_USR,
    ),
    "chkconfig-nft-only": _refused(
        "RHEL 9, CentOS Stream 9, UBI 9",
        "rpm",
        "/usr/sbin",
        [package("iptables-nft", "usr/sbin", ["nft"])],
        "ID=\"rhel\"\nID_LIKE=\"fedora\"\nVERSION_ID=\"9.6\"\n",
        "iptables has no legacy variant here: RHEL and UBI from 8 on ship only nft: enable EPEL 9 and " +
        "dnf install iptables-legacy" + _NFT_ONLY,
        links = MERGED_USR,
        alternatives = "chkconfig",
        registrations = [registration("/usr/sbin", FEDORA_ORDER, "nft", 10)],
    ),
    "nft-only": _refused(
        "SLES 16",
        "rpm",
        "/usr/sbin",
        [package("iptables", "usr/sbin", ["nft"], plain = "/usr/sbin/xtables-nft-multi")],
        "ID=\"sles\"\nVERSION_ID=\"16.0\"\n",
        "iptables has no legacy variant here: RHEL 8, UBI 8 and SLES 16 ship only nft: use another base image" + _NFT_ONLY,
        links = MERGED_USR,
    ),
    "legacy-only": _refused(
        "Mariner 2",
        "rpm",
        "/usr/sbin",
        [package("iptables", "usr/sbin", ["legacy"], plain = "xtables-legacy-multi")],
        "ID=mariner\nVERSION_ID=\"2.0\"\n",
        "iptables has no nft variant here: Mariner 2 builds iptables without nft and cannot serve: use Azure Linux 3",
        links = MERGED_USR,
    ),
}
