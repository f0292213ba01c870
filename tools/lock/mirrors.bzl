"""Finds the addresses of a lock's packages: first on a mirror that the environment names, then the lock's own addresses.

tools/lock reads the same setting. A Go test compares the names and addresses here with those of tools/lock and of the locks.
"""

# The setting: NAME=ADDRESS for each archive, separated by spaces. NAME is that of a distribution, or debian-security
# or fedora-secondary. Without these two, their addresses are derived from the distribution's.
MIRRORS = "IPTABLES_WRAPPERS_MIRRORS"

# The distributions' own addresses, which locks contain.
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
    """Returns the addresses from which Bazel downloads a package.

    Args:
        urls: the lock's.
        setting: the value of the environment's MIRRORS, empty for none.

    Returns:
        A list: first the mirror's, if there is one, then urls. Bazel always compares the file with the lock's sha256.
    """
    first = []
    for name, address in _parse(setting).items():
        for origin in ORIGINS[name]:
            for url in urls:
                there = address + url.removeprefix(origin)
                if url.startswith(origin + "/") and there not in first:
                    first.append(there)
    return first + urls
