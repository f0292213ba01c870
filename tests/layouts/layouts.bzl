"""The layouts of iptables in distributions: the files of the packages, their paths, and what owns the plain names.

This table is the only description of the layouts. For each row, tests/layouts/defs.bzl makes the packages (in the
distribution's own format, with Debian's binaries), the image and its tests. Several distributions can have the same
layout: "covers" lists them.
"""

load(":parts.bzl", "APPLETS", "FAMILIES", "FEDORA_ORDER", "MERGED_SBIN", "MERGED_USR", "OTHERS", "layout", "links_to", "other_registrations", "package", "register_commands", "registration")
load(":refused.bzl", "REFUSED")
load(":states.bzl", "DEBIAN", "DEBIAN_LEGACY_FIRST", "FEDORA", "FEDORA_LEGACY_FIRST", "SLE", "TWO_GROUPS", "TWO_GROUPS_LEGACY_FIRST")

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

def _debian_registrations(legacy, nft):
    return [
        registration("/usr/sbin", [family, family + "-save", family + "-restore"], mode, priority)
        for family in FAMILIES
        for mode, priority in [("legacy", legacy), ("nft", nft)]
    ] + other_registrations("/usr/sbin", nft)

def _debian(covers, legacy, nft, state):
    registrations = _debian_registrations(legacy, nft)
    return layout(
        covers,
        "deb",
        "/usr/sbin",
        [
            package("iptables", "usr/sbin", ["legacy", "nft"], commands = register_commands("update-alternatives", registrations)),
            package("dpkg", "usr/bin", files = {"usr/bin/update-alternatives": "usr/bin/update-alternatives"}, sources = ["dpkg", "iptables"]),
        ],
        links = MERGED_USR,
        directories = {"var/log": "0755"},
        alternatives = "dpkg",
        registrations = registrations,
        states = _states("var/lib/dpkg/alternatives", state, two = True),
        others = OTHERS,
    )

def _states(dir, state, two = False):
    """Returns the state files in dir: text for iptables and, if two is set, the same for ip6tables."""
    states = {dir + "/iptables": state}
    if two:
        ip6 = state.replace("/iptables", "/ip6tables").replace("\niptables", "\nip6tables")
        states[dir + "/ip6tables"] = ip6.replace("/ip6tables-wrapper", "/iptables-wrapper")
    return states

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
        states = _states("var/lib/alternatives", state),
        others = OTHERS,
        **more
    )

def _two_groups(covers, nft, legacy, state):
    registrations = [
        registration("/usr/sbin", [family, family + "-save", family + "-restore"], mode, priority)
        for family in FAMILIES
        for mode, priority in [("nft", nft), ("legacy", legacy)]
    ] + other_registrations("/usr/sbin", 30000)
    return layout(
        covers,
        "rpm",
        "/usr/sbin",
        [package("iptables", "usr/sbin", ["nft", "legacy"], commands = register_commands("alternatives", registrations))],
        links = MERGED_USR,
        alternatives = "chkconfig",
        registrations = registrations,
        states = _states("var/lib/alternatives", state, two = True),
        others = OTHERS,
    )

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
    "chkconfig-two-groups": _two_groups("Azure Linux 3; Photon 5 and later", 30000, 10000, TWO_GROUPS),
    "chkconfig-two-groups-legacy": _two_groups("Photon 4", 10000, 30000, TWO_GROUPS_LEGACY_FIRST),
}

# --- SUSE ---

# SLE 15 moves the directory of dpkg's state files. This row assumes that its packages use /var/lib/alternatives.

_SLE_REGISTRATIONS = [
    registration("/usr/sbin", APPLETS, mode, priority, multi = True)
    for mode, priority in [("legacy", 1), ("nft", 2)]
]

def _conf(mode):
    return "binary=/usr/sbin/xtables-{}-multi\ngroup={}\noptions=KeepArgv0\n".format(mode, ", ".join(APPLETS))

def _confs(number, mode):
    return {"usr/share/libalternatives/{}/{}.conf".format(applet, number): _conf(mode) for applet in APPLETS}

_SUSE = {
    "suse-multi-group": layout(
        "SLE 15; Leap 15",
        "rpm",
        "/usr/sbin",
        [
            package(
                "iptables",
                "usr/sbin",
                ["legacy", "nft"],
                ghosts = ["usr/sbin/" + applet for applet in APPLETS],
                commands = register_commands("update-alternatives", _SLE_REGISTRATIONS[:1]),
            ),
            package("iptables-backend-nft", "usr/sbin", commands = register_commands("update-alternatives", _SLE_REGISTRATIONS[1:])),
            package(
                "update-alternatives",
                "usr/sbin",
                files = {"usr/sbin/update-alternatives": "usr/bin/update-alternatives"},
                sources = ["dpkg", "iptables"],
            ),
        ],
        links = {"bin": "usr/bin", "sbin": "usr/sbin"},
        directories = {"var/log": "0755"},
        alternatives = "suse",
        registrations = _SLE_REGISTRATIONS,
        states = _states("var/lib/alternatives", SLE),
    ),
    "libalternatives": layout(
        "Tumbleweed; Leap 16",
        "rpm",
        "/usr/sbin",
        [
            package(
                "iptables",
                "usr/sbin",
                ["legacy", "nft"],
                links = links_to("usr/sbin", APPLETS, "/usr/bin/alts"),
                texts = _confs(1, "legacy"),
            ),
            package("iptables-backend-nft", "usr/sbin", texts = _confs(2, "nft")),
            # No Debian package contains the program. The layout is recognised by the symlinks to it, so an empty file
            # that is not executable takes its place. tests/layouts/modes.sh describes what is executed instead.
            package("alts", "usr/bin", texts = {"usr/bin/alts": ""}),
        ],
        links = MERGED_USR,
        confs = ["usr/share/libalternatives/" + applet for applet in APPLETS],
    ),
}

LAYOUTS = _PLAIN | _DEBIAN | _CHKCONFIG | _SUSE | REFUSED
