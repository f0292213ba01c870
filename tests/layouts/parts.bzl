"""Functions for the table in tests/layouts/layouts.bzl: packages, registrations and rows."""

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
    """Returns a package with the multi-call binaries of modes, their own names and, if plain is set, the plain names.

    Args:
      name: name of the package
      dir: directory of all files, relative to the root
      modes: the modes whose binaries the package contains
      families: the families (iptables, ip6tables) whose names the package contains
      plain: target of the plain names, such as iptables. None means that the package does not contain them.
      others: True if the package also contains the plain names of arptables and ebtables
      **more: spelled: the modes for which the package contains names with the mode, such as iptables-nft (default: modes).
        keep, files, links, texts, ghosts, commands: see tools/fixture/spec.go.
        sources: the names of Debian's packages that contain the files

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
    """Returns one call of --install: the first of applets is the leader, the others are followers in this order."""
    path = lambda applet: dir + "/" + ("xtables-" + mode + "-multi" if multi else _spelled(applet, mode))
    return struct(
        name = applets[0],
        link = dir + "/" + applets[0],
        path = path(applets[0]),
        priority = priority,
        followers = [struct(name = applet, link = dir + "/" + applet, path = path(applet)) for applet in applets[1:]],
    )

def other_registrations(dir, priority):
    """Returns the registrations of arptables and ebtables."""
    return [registration(dir, [other, other + "-save", other + "-restore"], "nft", priority) for other in OTHERS]

def register_commands(program, registrations, follower = "--slave"):
    """Returns the commands with which a post-install script registers alternatives."""
    return [
        " ".join([program, "--install", r.link, r.name, r.path, str(r.priority)] + [
            " ".join([follower, f.link, f.name, f.path])
            for f in r.followers
        ])
        for r in registrations
    ]

def update_alternatives(name, dir):
    """Returns a package with Debian's update-alternatives, which reads and writes the database of dpkg and of SLE."""
    return package(name, dir, files = {dir + "/update-alternatives": "usr/bin/update-alternatives"}, sources = ["dpkg", "iptables"])

def state_files(dir, state, two = False):
    """Returns the state files in dir: text for iptables and, if two is set, the same for ip6tables."""
    ip6 = state.replace("/iptables", "/ip6tables").replace("\niptables", "\nip6tables").replace("/ip6tables-wrapper", "/iptables-wrapper")
    return {dir + "/iptables": state} | ({dir + "/ip6tables": ip6} if two else {})

def layout(covers, format, sbin, packages, **more):
    """Returns one row.

    Args:
      covers: the distributions with this layout
      format: format of the packages: deb, apk or rpm
      sbin: the directory of the binaries
      packages: results of package
      **more: links and directories in addition to the packages; alternatives (the type of the database) and its
        registrations; states, the text of each state file after the wrapper is installed; confs, libalternatives'
        directories; others, plain names that must not change; refusal, the line with which the installation must fail

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
