"""The words that tests/layouts/layouts.bzl is written in: packages, registrations and rows."""

FAMILIES = ["iptables", "ip6tables"]

_VERBS = ["", "-restore", "-save"]

APPLETS = [family + verb for family in FAMILIES for verb in _VERBS]

# These have applets in nft mode only. The wrapper does not change them.
OTHERS = ["arptables", "ebtables"]

# The merged directories of a merged /usr. The second table is for distributions that also merge sbin (Fedora 43, Arch,
# Wolfi).
MERGED_USR = {"bin": "usr/bin", "sbin": "usr/sbin"}
MERGED_SBIN = {"bin": "usr/bin", "sbin": "usr/bin", "usr/sbin": "bin"}

def _spelled(applet, mode):
    family, _, verb = applet.partition("-")
    return family + "-" + mode + ("-" + verb if verb else "")

def links_to(dir, names, target):
    return {dir + "/" + name: target for name in names}

def package(name, dir, modes = [], families = FAMILIES, plain = None, others = False, **more):
    """A package with the multi-call binaries of modes, their spelled names, and if plain is set the plain names.

    Args:
      name: of the package
      dir: where everything is, relative to the root
      modes: those whose binaries are in it
      families: those whose names are in it
      plain: what the plain names lead to
      others: whether the plain names of arptables and ebtables are in it too
      **more: spelled, the modes with names of their own spelling if not all; keep, files, links, texts, ghosts and
        commands as tools/fixture (spec.go) documents them; sources, the names of Debian's packages that the files are in

    Returns:
      a package of a row
    """
    applets = [applet for applet in APPLETS if applet.partition("-")[0] in families]
    files = {}
    links = {}
    for mode in modes:
        multi = "xtables-" + mode + "-multi"
        files[dir + "/" + multi] = "usr/sbin/" + multi
    spelled = more.pop("spelled", modes)
    for mode in spelled:
        links |= links_to(dir, [_spelled(applet, mode) for applet in applets], "xtables-" + mode + "-multi")
    if plain:
        links |= links_to(dir, applets, plain)
    if "nft" in modes and "nft" in spelled:
        names = [other + verb for other in OTHERS for verb in _VERBS]
        links |= links_to(dir, [_spelled(name, "nft") for name in names], "xtables-nft-multi")
        if others:
            links |= links_to(dir, names, "xtables-nft-multi")
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

def registration(dir, applets, mode, priority, multi = False):
    """One call of --install: the first of applets leads, the others follow in this order."""
    path = lambda applet: dir + "/" + ("xtables-" + mode + "-multi" if multi else _spelled(applet, mode))
    return struct(
        name = applets[0],
        link = dir + "/" + applets[0],
        path = path(applets[0]),
        priority = priority,
        followers = [struct(name = applet, link = dir + "/" + applet, path = path(applet)) for applet in applets[1:]],
    )

def other_registrations(dir, priority):
    """The groups of arptables and ebtables."""
    return [registration(dir, [other, other + "-save", other + "-restore"], "nft", priority) for other in OTHERS]

def register_commands(program, registrations, follower = "--slave"):
    """What a post-install script runs to register."""
    return [
        " ".join([program, "--install", r.link, r.name, r.path, str(r.priority)] + [
            " ".join([follower, f.link, f.name, f.path])
            for f in r.followers
        ])
        for r in registrations
    ]

def layout(covers, format, sbin, packages, **more):
    """One row.

    Args:
      covers: whose layout it is
      format: of the packages: deb, apk or rpm
      sbin: the directory of the binaries
      packages: from package
      **more: links and directories made beside the packages; alternatives (the database's kind) and registrations in it;
        states, the text of each state file once the wrapper is installed; confs, libalternatives' directories; others,
        plain names that must stay as they are; refusal, the line with which the installation must be refused instead

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
        others = more.get("others", []),
        refusal = more.get("refusal", ""),
    )

# The order of the followers in the scripts of Fedora's packages.
FEDORA_ORDER = ["iptables", "ip6tables", "iptables-restore", "iptables-save", "ip6tables-restore", "ip6tables-save"]
