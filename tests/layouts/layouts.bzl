"""Every layout of iptables that a distribution has: which files its packages hold, where, and what owns the plain names.

This table is data and the only description of the layouts. tests/layouts/defs.bzl makes of each row the packages (in the
distribution's own format, around Debian's binaries), the image and its tests. A row is a layout and not a distribution:
"covers" says whose layout it is.
"""

load(":states.bzl", "DEBIAN", "DEBIAN_LEGACY_FIRST", "FEDORA", "FEDORA_LEGACY_FIRST", "SLE", "TWO_GROUPS", "TWO_GROUPS_LEGACY_FIRST")

_FAMILIES = ["iptables", "ip6tables"]

APPLETS = [family + verb for family in _FAMILIES for verb in ["", "-restore", "-save"]]

# What /usr merged means, and what it means where sbin is merged as well (Fedora 43, Arch, Wolfi).
_MERGED_USR = {"bin": "usr/bin", "sbin": "usr/sbin"}
_MERGED_SBIN = {"bin": "usr/bin", "sbin": "usr/bin", "usr/sbin": "bin"}

def _spelled(applet, mode):
    family, _, verb = applet.partition("-")
    return family + "-" + mode + ("-" + verb if verb else "")

def _links(dir, names, target):
    return {dir + "/" + name: target for name in names}

def _package(name, dir, modes = [], families = _FAMILIES, plain = None, **more):
    """A package with the multi-call binaries of modes, their spelled names, and if plain is set the plain names.

    Args:
      name: of the package
      dir: where everything is, relative to the root
      modes: those whose binaries are in it
      families: those whose names are in it
      plain: what the plain names lead to
      **more: keep, files, links, texts, ghosts and commands as tests/layouts/fixtures documents them; sources, the
        names of Debian's packages that the files are in

    Returns:
      a package of a row
    """
    applets = [applet for applet in APPLETS if applet.partition("-")[0] in families]
    files = {}
    links = {}
    for mode in modes:
        multi = "xtables-" + mode + "-multi"
        files[dir + "/" + multi] = "usr/sbin/" + multi
    for mode in more.pop("spelled", modes):
        links |= _links(dir, [_spelled(applet, mode) for applet in applets], "xtables-" + mode + "-multi")
    if plain:
        links |= _links(dir, applets, plain)
    return struct(
        name = name,
        sources = more.get("sources", ["iptables"]),
        keep = more.get("keep", []),
        files = files | more.get("files", {}),
        links = links | more.get("links", {}),
        texts = more.get("texts", {}),
        ghosts = more.get("ghosts", []),
        commands = more.get("commands", []),
    )

def _registration(dir, applets, mode, priority, multi = False):
    """One call of --install: the first of applets leads, the others follow in this order."""
    path = lambda applet: dir + "/" + ("xtables-" + mode + "-multi" if multi else _spelled(applet, mode))
    return struct(
        name = applets[0],
        link = dir + "/" + applets[0],
        path = path(applets[0]),
        priority = priority,
        followers = [struct(name = applet, link = dir + "/" + applet, path = path(applet)) for applet in applets[1:]],
    )

def _commands(program, registrations, follower = "--slave"):
    """What a post-install script runs to register."""
    return [
        " ".join([program, "--install", r.link, r.name, r.path, str(r.priority)] + [
            " ".join([follower, f.link, f.name, f.path])
            for f in r.followers
        ])
        for r in registrations
    ]

def _layout(covers, format, sbin, packages, **more):
    """One row.

    Args:
      covers: whose layout it is
      format: of the packages: deb, apk or rpm
      sbin: the directory of the binaries
      packages: from _package
      **more: links and directories made beside the packages; alternatives (the database's kind) and registrations in it;
        states, the text of each state file once the wrapper is installed; confs, libalternatives' directories; refusal,
        the line with which the installation must be refused instead

    Returns:
      the row
    """
    return struct(
        covers = covers,
        format = format,
        sbin = sbin,
        packages = packages,
        links = more.get("links", {}),
        directories = more.get("directories", {}),
        alternatives = more.get("alternatives", ""),
        registrations = more.get("registrations", []),
        states = more.get("states", {}),
        confs = more.get("confs", []),
        refusal = more.get("refusal", ""),
    )

# --- Alpine, Wolfi, Arch: links in the packages themselves ---

def _alpine(dir):
    return [
        _package("iptables", dir, ["nft"], plain = "xtables-nft-multi"),
        _package("iptables-legacy", dir, ["legacy"]),
    ]

def _upstream(dir):
    """As upstream's own installation leaves it, IPv6 in a package of its own."""
    return [
        _package("iptables", dir, ["legacy", "nft"], families = ["iptables"], plain = "xtables-legacy-multi"),
        _package("ip6tables", dir, families = ["ip6tables"], spelled = ["legacy", "nft"], plain = "xtables-legacy-multi"),
    ]

def _arch(default):
    return [_package("iptables", "usr/bin", ["legacy", "nft"], plain = "xtables-" + default + "-multi")]

_PLAIN = {
    "apk-sbin-legacy": _layout("Alpine 3.12 to 3.18; Gentoo", "apk", "/sbin", _upstream("sbin")),
    "apk-sbin": _layout("Alpine 3.19 and 3.20", "apk", "/sbin", _alpine("sbin")),
    "apk-usr-sbin": _layout("Alpine 3.21 and later", "apk", "/usr/sbin", _alpine("usr/sbin"), directories = {"sbin": "0755"}),
    "apk-usr-merged": _layout("Alpine with merge-usr", "apk", "/usr/sbin", _alpine("usr/sbin"), links = _MERGED_USR),
    "wolfi-usr-bin": _layout("Wolfi and Chainguard since 2025-03", "apk", "/usr/bin", _upstream("usr/bin"), links = _MERGED_SBIN),
    # Arch's own package format is a tar like .apk, and read by no tool of ours.
    "arch-usr-bin": _layout("Arch, package iptables; Void", "apk", "/usr/bin", _arch("legacy"), links = _MERGED_SBIN),
    "arch-usr-bin-nft": _layout("Arch, package iptables-nft", "apk", "/usr/bin", _arch("nft"), links = _MERGED_SBIN),
}

# --- Debian ---

def _debian_registrations(legacy, nft):
    return [
        _registration("/usr/sbin", [family, family + "-save", family + "-restore"], mode, priority)
        for family in _FAMILIES
        for mode, priority in [("legacy", legacy), ("nft", nft)]
    ]

def _debian(covers, legacy, nft, state):
    registrations = _debian_registrations(legacy, nft)
    return _layout(
        covers,
        "deb",
        "/usr/sbin",
        [
            _package("iptables", "usr/sbin", ["legacy", "nft"], commands = _commands("update-alternatives", registrations)),
            _package("dpkg", "usr/bin", files = {"usr/bin/update-alternatives": "usr/bin/update-alternatives"}, sources = ["dpkg", "iptables"]),
        ],
        links = _MERGED_USR,
        directories = {"var/log": "0755"},
        alternatives = "dpkg",
        registrations = registrations,
        states = _states("var/lib/dpkg/alternatives", state, two = True),
    )

def _states(dir, state, two = False):
    """The state files in dir: the given text for iptables, and with two the same for ip6tables."""
    states = {dir + "/iptables": state}
    if two:
        ip6 = state.replace("/iptables", "/ip6tables").replace("\niptables", "\nip6tables")
        states[dir + "/ip6tables"] = ip6.replace("/ip6tables-wrapper", "/iptables-wrapper")
    return states

def _distroless(target, texts = {}):
    links = _links("usr/sbin", APPLETS, target) if target else {}
    return [_package("iptables", "usr/sbin", ["legacy", "nft"], links = links, texts = texts)]

_DEBIAN = {
    "debian-alternatives": _debian("Debian 11 and later; Ubuntu 20.10 and later", 10, 20, DEBIAN),
    "debian-alternatives-legacy": _debian("Ubuntu 20.04", 20, 10, DEBIAN_LEGACY_FIRST),
    "distroless-no-names": _layout("Debian's files without scripts run", "deb", "/usr/sbin", _distroless(""), links = _MERGED_USR),
    # The shell script of upstream's second version, which this wrapper takes the place of, was installed already.
    "distroless-script": _layout(
        "distroless-iptables before its first call",
        "deb",
        "/usr/sbin",
        _distroless("/usr/sbin/iptables-wrapper", texts = {"usr/sbin/iptables-wrapper": "#!/bin/sh\nexit 1\n"}),
        links = _MERGED_USR,
    ),
    "distroless-plain": _layout(
        "distroless-iptables after its first call",
        "deb",
        "/usr/sbin",
        _distroless("/usr/sbin/xtables-legacy-multi"),
        links = _MERGED_USR,
    ),
}

# --- Fedora, EL, Azure Linux, Photon: chkconfig ---

# The order of the followers in the scripts of Fedora's packages.
_FEDORA_ORDER = ["iptables", "ip6tables", "iptables-restore", "iptables-save", "ip6tables-restore", "ip6tables-save"]

def _fedora(covers, dir, state, files = None, modes = ["nft", "legacy"], follower = "--slave", **more):
    """Fedora's two packages.

    Args:
      covers: whose layout it is
      dir: the directory as the database has it, absolute
      state: the state file once the wrapper is installed
      files: the directory the packages have their files in, if another
      modes: those whose packages are installed, in that order
      follower: how the scripts spell the option
      **more: as in _layout
    """
    place = (files or dir).removeprefix("/")
    registrations = {mode: [_registration(dir, _FEDORA_ORDER, mode, 10)] for mode in modes}
    unmerged = more.pop("unmerged", {})
    return _layout(
        covers,
        "rpm",
        "/" + place,
        [
            _package(
                "iptables-" + mode,
                place,
                [mode],
                links = unmerged if mode == modes[0] else {},
                ghosts = [place + "/" + applet for applet in APPLETS],
                commands = _commands("update-alternatives", registrations[mode], follower),
            )
            for mode in modes
        ],
        alternatives = "chkconfig",
        registrations = [r for mode in modes for r in registrations[mode]],
        states = _states("var/lib/alternatives", state) if state else {},
        **more
    )

def _two_groups(covers, nft, legacy, state):
    registrations = [
        _registration("/usr/sbin", [family, family + "-save", family + "-restore"], mode, priority)
        for family in _FAMILIES
        for mode, priority in [("nft", nft), ("legacy", legacy)]
    ]
    return _layout(
        covers,
        "rpm",
        "/usr/sbin",
        [_package("iptables", "usr/sbin", ["nft", "legacy"], commands = _commands("alternatives", registrations))],
        links = _MERGED_USR,
        alternatives = "chkconfig",
        registrations = registrations,
        states = _states("var/lib/alternatives", state, two = True),
    )

_CHKCONFIG = {
    "chkconfig-one-group": _fedora("Fedora 34 to 41; EL 9 with EPEL; Amazon Linux 2023", "/usr/sbin", FEDORA, links = _MERGED_USR),
    "chkconfig-one-group-legacy": _fedora(
        "the same, iptables-legacy installed first",
        "/usr/sbin",
        FEDORA_LEGACY_FIRST,
        modes = ["legacy", "nft"],
        links = _MERGED_USR,
    ),
    "chkconfig-sbin-names": _fedora("Fedora 42", "/usr/sbin", FEDORA, files = "/usr/bin", links = _MERGED_SBIN),
    "chkconfig-usr-bin": _fedora(
        "Fedora 43 and later",
        "/usr/bin",
        FEDORA.replace("/usr/sbin/", "/usr/bin/"),
        follower = "--follower",
        links = _MERGED_SBIN,
    ),
    "chkconfig-usr-bin-unmerged": _fedora(
        "Fedora 43 where /usr/sbin is still a directory",
        "/usr/bin",
        FEDORA.replace("/usr/sbin/", "/usr/bin/"),
        follower = "--follower",
        links = _MERGED_USR,
        unmerged = {"usr/sbin/" + applet: "../bin/" + applet for applet in APPLETS},
    ),
    "chkconfig-two-groups": _two_groups("Azure Linux 3; Photon 5 and later", 30000, 10000, TWO_GROUPS),
    "chkconfig-two-groups-legacy": _two_groups("Photon 4", 10000, 30000, TWO_GROUPS_LEGACY_FIRST),
}

# --- SUSE ---

# SLE 15 moves the directory of dpkg's state files; /var/lib/alternatives is what its packaging is taken to use.

_SLE_REGISTRATIONS = [
    _registration("/usr/sbin", APPLETS, mode, priority, multi = True)
    for mode, priority in [("legacy", 1), ("nft", 2)]
]

def _conf(mode):
    return "binary=/usr/sbin/xtables-{}-multi\ngroup={}\noptions=KeepArgv0\n".format(mode, ", ".join(APPLETS))

def _confs(number, mode):
    return {"usr/share/libalternatives/{}/{}.conf".format(applet, number): _conf(mode) for applet in APPLETS}

_SUSE = {
    "suse-multi-group": _layout(
        "SLE 15; Leap 15",
        "rpm",
        "/usr/sbin",
        [
            _package(
                "iptables",
                "usr/sbin",
                ["legacy", "nft"],
                ghosts = ["usr/sbin/" + applet for applet in APPLETS],
                commands = _commands("update-alternatives", _SLE_REGISTRATIONS[:1]),
            ),
            _package("iptables-backend-nft", "usr/sbin", commands = _commands("update-alternatives", _SLE_REGISTRATIONS[1:])),
            _package(
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
    "libalternatives": _layout(
        "Tumbleweed; Leap 16",
        "rpm",
        "/usr/sbin",
        [
            _package(
                "iptables",
                "usr/sbin",
                ["legacy", "nft"],
                links = _links("usr/sbin", APPLETS, "/usr/bin/alts"),
                texts = _confs(1, "legacy"),
            ),
            _package("iptables-backend-nft", "usr/sbin", texts = _confs(2, "nft")),
            # The program itself is in no package of Debian. An empty file that cannot be executed stands where it
            # belongs, since the links to it are what the layout is known by; tests/layouts/modes.sh says what runs instead.
            _package("alts", "usr/bin", texts = {"usr/bin/alts": ""}),
        ],
        links = _MERGED_USR,
        confs = ["usr/share/libalternatives/" + applet for applet in APPLETS],
    ),
}

# --- Refused: one line with the remedy ---

def _refused(covers, format, sbin, packages, os_release, line, **more):
    """A layout that cannot serve.

    The remedy depends on the distribution, so this is the one kind of row with an os-release: the lines that matter.
    """
    texts = {"etc/os-release": os_release}
    release = _package("release", "etc", texts = texts)
    return _layout(covers, format, sbin, packages + [release], refusal = line, **more)

_REFUSED = {
    "apk-without-legacy": _refused(
        "Alpine 3.19 and later without iptables-legacy",
        "apk",
        "/usr/sbin",
        _alpine("usr/sbin")[:1],
        "ID=alpine\nVERSION_ID=3.22.2\n",
        "iptables has no legacy variant here: apk add iptables-legacy (Alpine 3.19 and later package it alone)",
    ),
    # The names without a mode are files of the package there, and nothing is spelled iptables-nft.
    "nft-only-renamed": _refused(
        "RHEL 8, CentOS 8, UBI 8",
        "rpm",
        "/usr/sbin",
        [_package("iptables", "usr/sbin", ["nft"], spelled = [], plain = "xtables-nft-multi")],
        "ID=\"centos\"\nID_LIKE=\"rhel fedora\"\nVERSION_ID=\"8\"\n",
        "iptables has no legacy variant here: RHEL 8 and UBI 8 ship only nft and cannot serve: use another base image",
        links = _MERGED_USR,
    ),
    "chkconfig-nft-only": _refused(
        "RHEL 9, CentOS Stream 9, UBI 9",
        "rpm",
        "/usr/sbin",
        _fedora("", "/usr/sbin", "", modes = ["nft"]).packages,
        "ID=\"rhel\"\nID_LIKE=\"fedora\"\nVERSION_ID=\"9.6\"\n",
        "iptables has no legacy variant here: RHEL and UBI from 8 on ship only nft and cannot serve: enable EPEL 9 and " +
        "dnf install iptables-legacy, or use another base image",
        links = _MERGED_USR,
        alternatives = "chkconfig",
        registrations = [_registration("/usr/sbin", _FEDORA_ORDER, "nft", 10)],
    ),
    "nft-only": _refused(
        "SLES 16",
        "rpm",
        "/usr/sbin",
        [_package("iptables", "usr/sbin", ["nft"], plain = "/usr/sbin/xtables-nft-multi")],
        "ID=\"sles\"\nVERSION_ID=\"16.0\"\n",
        "iptables has no legacy variant here: SLES 16 ships only nft and cannot serve: use another base image",
        links = _MERGED_USR,
    ),
    "legacy-only": _refused(
        "Mariner 2",
        "rpm",
        "/usr/sbin",
        [_package("iptables", "usr/sbin", ["legacy"], plain = "xtables-legacy-multi")],
        "ID=mariner\nVERSION_ID=\"2.0\"\n",
        "iptables has no nft variant here: Mariner 2 builds iptables without nft and cannot serve: use Azure Linux 3",
        links = _MERGED_USR,
    ),
}

# What the tests themselves run in every layout, where Debian has it.
RUNTIME = _package(
    "layout-runtime",
    "usr/bin",
    keep = [
        "usr/bin/cat",
        "usr/bin/dash",
        "usr/bin/env",
        "usr/bin/readlink",
        "usr/lib*/ld-linux*",
        "usr/lib/*/ld-linux*",
        "usr/lib/*/libc.so.6",
        "usr/lib/*/libip4tc.so.2*",
        "usr/lib/*/libip6tc.so.2*",
        "usr/lib/*/libmnl.so.0*",
        "usr/lib/*/libnftnl.so.11*",
        "usr/lib/*/libxtables.so.12*",
        "usr/lib/*/xtables/libxt_comment.so",
        "usr/lib/*/xtables/libxt_standard.so",
        "usr/lib/*/xtables/libxt_tcp.so",
    ],
    links = {"bin/sh": "/usr/bin/dash"},
    sources = [
        "coreutils",
        "dash",
        "iptables",
        "libc6",
        "libip4tc2",
        "libip6tc2",
        "libmnl0",
        "libnftnl11",
        "libxtables12",
    ],
)

LAYOUTS = _PLAIN | _DEBIAN | _CHKCONFIG | _SUSE | _REFUSED
