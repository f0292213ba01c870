"""Where Bazel asks for the packages of a lock: first a mirror that the environment names, then the lock's own addresses.

tools/lock reads the same setting; a Go test holds the names and addresses here to the program's and to what locks have.
"""

# The setting: NAME=ADDRESS for each archive, with blanks between. NAME is a distribution's, or debian-security or
# fedora-secondary, which are otherwise asked for beside the first.
MIRRORS = "IPTABLES_WRAPPERS_MIRRORS"

# The distributions' own addresses, by which locks call packages.
ORIGINS = {
    "alpine": ["https://dl-cdn.alpinelinux.org/alpine"],
    "debian": ["https://ftp.debian.org/debian"],
    "debian-security": ["https://security.debian.org/debian-security"],
    "fedora": [
        "https://dl.fedoraproject.org/pub/fedora/linux",
        "https://archives.fedoraproject.org/pub/archive/fedora/linux",
    ],
    "fedora-secondary": [
        "https://dl.fedoraproject.org/pub/fedora-secondary",
        "https://archives.fedoraproject.org/pub/archive/fedora-secondary",
    ],
}

def _parse(setting):
    mirrors = {}
    for entry in setting.split(" "):
        if not entry:
            continue
        name, equals, address = entry.partition("=")
        if not equals or not address or name not in ORIGINS:
            fail("{}: {}: want NAME=ADDRESS, NAME one of {}".format(MIRRORS, entry, ", ".join(ORIGINS)))
        mirrors[name] = address.rstrip("/")
    if "debian" in mirrors and "debian-security" not in mirrors:
        mirrors["debian-security"] = mirrors["debian"].removesuffix("/debian") + "/debian-security"
    if "fedora" in mirrors and "fedora-secondary" not in mirrors:
        mirrors["fedora-secondary"] = mirrors["fedora"].removesuffix("/fedora/linux") + "/fedora-secondary"
    return mirrors

def mirrored(urls, setting):
    """The addresses that a package is asked for at.

    Args:
        urls: the lock's.
        setting: the value of the environment's MIRRORS, empty for none.

    Returns:
        A list: the mirror's, if there is one, then urls. What is fetched is checked by the lock's sha256 either way.
    """
    first = []
    for name, address in _parse(setting).items():
        for origin in ORIGINS[name]:
            for url in urls:
                there = address + url.removeprefix(origin)
                if url.startswith(origin + "/") and there not in first:
                    first.append(there)
    return first + urls
