"""The layouts of iptables in distributions: the files of the packages, their paths, and what owns the plain names.

This table is the only description of the layouts. For each row, tests/layouts/defs.bzl makes the packages (in the
distribution's own format, with Debian's binaries), the image and its tests. Several distributions can have the same
layout: "covers" lists them.
"""

load(":parts.bzl", "APPLETS", "FAMILIES", "FEDORA_ORDER", "MERGED_SBIN", "MERGED_USR", "OTHERS", "layout", "links_to", "other_registrations", "package", "register_commands", "registration", "state_files", "update_alternatives")
load(":refused.bzl", "REFUSED")
load(":states.bzl", "DEBIAN", "DEBIAN_LEGACY_FIRST", "FEDORA", "FEDORA_LEGACY_FIRST", "TWO_GROUPS", "TWO_GROUPS_LEGACY_FIRST")
load(":suse.bzl", "SUSE")

# --- Alpine, Wolfi, Arch: links in the packages themselves ---

def _alpine(dir):
    return [
        package("iptables", dir, ["nft"], plain = "xtables-nft-multi", others = True),
        package("iptables-legacy", dir, ["legacy"]),
    ]

def _upstream(dir):
    """Returns packages with the files of upstream's own installation. IPv6 is in a separate package."""
    return [
        package("iptables", dir, ["legacy", "nft"], families = ["iptables"], plain = "xtables-legacy-multi", others = True),
        package("ip6tables", dir, families = ["ip6tables"], spelled = ["legacy", "nft"], plain = "xtables-legacy-multi"),
    ]

def _plain(covers, sbin, packages, others = OTHERS, **more):
    return layout(covers, "apk", sbin, packages, others = others, **more)

def _arch(covers, default, others):
    plain = "xtables-" + default + "-multi"
    packages = [package("iptables", "usr/bin", ["legacy", "nft"], plain = plain, others = bool(others))]
    return _plain(covers, "/usr/bin", packages, others, links = MERGED_SBIN)

_PLAIN = {
    "apk-sbin-legacy": _plain("Alpine 3.12 to 3.18; Gentoo", "/sbin", _upstream("sbin")),
    "apk-sbin": _plain("Alpine 3.19 and 3.20", "/sbin", _alpine("sbin")),
    "apk-usr-sbin": _plain("Alpine 3.21 and later", "/usr/sbin", _alpine("usr/sbin"), directories = {"sbin": "0755"}),
    "apk-usr-merged": _plain("Alpine with merge-usr", "/usr/sbin", _alpine("usr/sbin"), links = MERGED_USR),
    "wolfi-usr-bin": _plain("Wolfi and Chainguard since 2025-03", "/usr/bin", _upstream("usr/bin"), links = MERGED_SBIN),
    # Arch's package format is a tar, like .apk. No tool of this repository reads it.
    "arch-usr-bin": _arch("Arch, package iptables; Void", "legacy", []),
    "arch-usr-bin-nft": _arch("Arch, package iptables-nft", "nft", OTHERS),
}

# --- Debian ---

def _two_groups(covers, format, program, priorities, others, states, state, packages = [], **more):
    """Returns a row with one package, and a group for each family. The modes in priorities are in the order of the registrations."""
    registrations = [
        registration("/usr/sbin", [family, family + "-save", family + "-restore"], mode, priority)
        for family in FAMILIES
        for mode, priority in priorities.items()
    ] + other_registrations("/usr/sbin", others)
    commands = register_commands(program, registrations)
    return layout(
        covers,
        format,
        "/usr/sbin",
        [package("iptables", "usr/sbin", priorities.keys(), commands = commands)] + packages,
        links = MERGED_USR,
        registrations = registrations,
        states = state_files(states, state, two = True),
        others = OTHERS,
        **more
    )

def _debian(covers, legacy, nft, state):
    return _two_groups(
        covers,
        "deb",
        "update-alternatives",
        {"legacy": legacy, "nft": nft},
        nft,
        "var/lib/dpkg/alternatives",
        state,
        [update_alternatives("dpkg", "usr/bin")],
        alternatives = "dpkg",
        directories = {"var/log": "0755"},
    )

# The lines of upstream's shell wrapper by which `install` recognises it: it counts the rules of iptables-legacy, and executes
# the name by which it was called again.
_SCRIPT = """\
#!/bin/sh
legacy=$(iptables-legacy-save 2>/dev/null | grep -c '^-')
[ "$legacy" -gt 10 ] && mode=legacy || mode=nft
ln -sf "/usr/sbin/xtables-$mode-multi" "$0"
exec "$0" "$@"
"""

def _distroless(target, texts = {}):
    links = links_to("usr/sbin", APPLETS, target) if target else {}
    return [package("iptables", "usr/sbin", ["legacy", "nft"], links = links, texts = texts)]

_DEBIAN = {
    "debian-alternatives": _debian("Debian 11 and later; Ubuntu 20.10 and later", 10, 20, DEBIAN),
    "debian-alternatives-legacy": _debian("Ubuntu 20.04", 20, 10, DEBIAN_LEGACY_FIRST),
    "distroless-no-names": layout("Debian's files without scripts run", "deb", "/usr/sbin", _distroless(""), links = MERGED_USR),
    # The shell script of upstream's second version, which this wrapper replaces, is already installed.
    "distroless-script": layout(
        "distroless-iptables before its first call",
        "deb",
        "/usr/sbin",
        _distroless("/usr/sbin/iptables-wrapper", texts = {"usr/sbin/iptables-wrapper": _SCRIPT}),
        links = MERGED_USR,
    ),
    "distroless-plain": layout(
        "distroless-iptables after its first call",
        "deb",
        "/usr/sbin",
        _distroless("/usr/sbin/xtables-legacy-multi"),
        links = MERGED_USR,
    ),
}

# --- Fedora, EL, Azure Linux, Photon: chkconfig ---

def _fedora(covers, dir, state, files = None, modes = ["nft", "legacy"], follower = "--slave", **more):
    """Returns a row with Fedora's two packages, one for each mode.

    Args:
      covers: the distributions with this layout
      dir: absolute path of the directory in the alternatives database
      state: the text of the state file after the wrapper is installed
      files: the directory of the packages' files, if it is not dir
      modes: the modes whose packages are installed, in this order
      follower: the option for followers in the packages' scripts
      **more: as in layout
    """
    place = (files or dir).removeprefix("/")
    registrations = {mode: [registration(dir, FEDORA_ORDER, mode, 10)] for mode in modes}
    registrations["nft"] = registrations["nft"] + other_registrations(dir, 10)
    unmerged = more.pop("unmerged", {})
    return layout(
        covers,
        "rpm",
        "/" + place,
        [
            package(
                "iptables-" + mode,
                place,
                [mode],
                links = unmerged if mode == modes[0] else {},
                ghosts = [place + "/" + applet for applet in APPLETS],
                commands = register_commands("update-alternatives", registrations[mode], follower),
            )
            for mode in modes
        ],
        alternatives = "chkconfig",
        registrations = [r for mode in modes for r in registrations[mode]],
        states = state_files("var/lib/alternatives", state),
        others = OTHERS,
        **more
    )

def _photon(covers, nft, legacy, state):
    priorities = {"nft": nft, "legacy": legacy}
    return _two_groups(covers, "rpm", "alternatives", priorities, 30000, "var/lib/alternatives", state, alternatives = "chkconfig")

_CHKCONFIG = {
    "chkconfig-one-group": _fedora("Fedora 34 to 41; EL 9 with EPEL; Amazon Linux 2023", "/usr/sbin", FEDORA, links = MERGED_USR),
    "chkconfig-one-group-legacy": _fedora(
        "the same, iptables-legacy installed first",
        "/usr/sbin",
        FEDORA_LEGACY_FIRST,
        modes = ["legacy", "nft"],
        links = MERGED_USR,
    ),
    "chkconfig-sbin-names": _fedora("Fedora 42", "/usr/sbin", FEDORA, files = "/usr/bin", links = MERGED_SBIN),
    "chkconfig-usr-bin": _fedora(
        "Fedora 43 and later",
        "/usr/bin",
        FEDORA.replace("/usr/sbin/", "/usr/bin/"),
        follower = "--follower",
        links = MERGED_SBIN,
    ),
    "chkconfig-usr-bin-unmerged": _fedora(
        "Fedora 43 where /usr/sbin is still a directory",
        "/usr/bin",
        FEDORA.replace("/usr/sbin/", "/usr/bin/"),
        follower = "--follower",
        links = MERGED_USR,
        unmerged = {"usr/sbin/" + applet: "../bin/" + applet for applet in APPLETS},
    ),
    "chkconfig-two-groups": _photon("Azure Linux 3; Photon 5 and later", 30000, 10000, TWO_GROUPS),
    "chkconfig-two-groups-legacy": _photon("Photon 4", 10000, 30000, TWO_GROUPS_LEGACY_FIRST),
}

LAYOUTS = _PLAIN | _DEBIAN | _CHKCONFIG | SUSE | REFUSED
