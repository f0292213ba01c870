"""The layouts of SUSE's distributions: update-alternatives in SLE 15, libalternatives later."""

load(":parts.bzl", "APPLETS", "MERGED_USR", "layout", "links_to", "package", "register_commands", "registration", "state_files", "update_alternatives")
load(":states.bzl", "SLE")

# SLE 15 moves the directory of dpkg's state files. This row assumes that its packages use /var/lib/alternatives.

_SLE_REGISTRATIONS = [
    registration("/usr/sbin", APPLETS, mode, priority, multi = True)
    for mode, priority in [("legacy", 1), ("nft", 2)]
]

def _conf(mode):
    return "binary=/usr/sbin/xtables-{}-multi\ngroup={}\noptions=KeepArgv0\n".format(mode, ", ".join(APPLETS))

def _confs(number, mode):
    return {"usr/share/libalternatives/{}/{}.conf".format(applet, number): _conf(mode) for applet in APPLETS}

SUSE = {
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
            update_alternatives("update-alternatives", "usr/sbin"),
        ],
        links = {"bin": "usr/bin", "sbin": "usr/sbin"},
        directories = {"var/log": "0755"},
        alternatives = "suse",
        registrations = _SLE_REGISTRATIONS,
        states = state_files("var/lib/alternatives", SLE),
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
