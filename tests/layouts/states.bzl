"""State files of the alternatives databases with the wrapper installed.

They have the same bytes as those of the databases' own programs (dpkg 1.20 to 1.23, chkconfig 1.20 to 1.33): the output
for the packages, and then the wrapper's entry. They are written manually, independently of tests/roots/states, which
all Go tests read. tests/roots/states.go gives the reason.
"""

# dpkg: alternatives sorted by path, followers by name, an empty line at the end.
DEBIAN = """\
auto
/usr/sbin/iptables
iptables-restore
/usr/sbin/iptables-restore
iptables-save
/usr/sbin/iptables-save

/usr/sbin/iptables-legacy
10
/usr/sbin/iptables-legacy-restore
/usr/sbin/iptables-legacy-save
/usr/sbin/iptables-nft
20
/usr/sbin/iptables-nft-restore
/usr/sbin/iptables-nft-save
/usr/sbin/iptables-wrapper
100
/usr/sbin/iptables-wrapper
/usr/sbin/iptables-wrapper

"""

DEBIAN_LEGACY_FIRST = """\
auto
/usr/sbin/iptables
iptables-restore
/usr/sbin/iptables-restore
iptables-save
/usr/sbin/iptables-save

/usr/sbin/iptables-legacy
20
/usr/sbin/iptables-legacy-restore
/usr/sbin/iptables-legacy-save
/usr/sbin/iptables-nft
10
/usr/sbin/iptables-nft-restore
/usr/sbin/iptables-nft-save
/usr/sbin/iptables-wrapper
100
/usr/sbin/iptables-wrapper
/usr/sbin/iptables-wrapper

"""

# SLE 15: dpkg's program, one group, with the multi-call binaries as alternatives. The wrapper's path sorts before
# theirs.
SLE = """\
auto
/usr/sbin/iptables
ip6tables
/usr/sbin/ip6tables
ip6tables-restore
/usr/sbin/ip6tables-restore
ip6tables-save
/usr/sbin/ip6tables-save
iptables-restore
/usr/sbin/iptables-restore
iptables-save
/usr/sbin/iptables-save

/usr/sbin/iptables-wrapper
100
/usr/sbin/iptables-wrapper
/usr/sbin/iptables-wrapper
/usr/sbin/iptables-wrapper
/usr/sbin/iptables-wrapper
/usr/sbin/iptables-wrapper
/usr/sbin/xtables-legacy-multi
1
/usr/sbin/xtables-legacy-multi
/usr/sbin/xtables-legacy-multi
/usr/sbin/xtables-legacy-multi
/usr/sbin/xtables-legacy-multi
/usr/sbin/xtables-legacy-multi
/usr/sbin/xtables-nft-multi
2
/usr/sbin/xtables-nft-multi
/usr/sbin/xtables-nft-multi
/usr/sbin/xtables-nft-multi
/usr/sbin/xtables-nft-multi
/usr/sbin/xtables-nft-multi

"""

# chkconfig: alternatives in the order of installation, followers sorted by symlink once there is a second alternative,
# nothing at the end.
_FEDORA_HEAD = """\
auto
/usr/sbin/iptables
ip6tables
/usr/sbin/ip6tables
ip6tables-restore
/usr/sbin/ip6tables-restore
ip6tables-save
/usr/sbin/ip6tables-save
iptables-restore
/usr/sbin/iptables-restore
iptables-save
/usr/sbin/iptables-save

"""

_FEDORA_NFT = """\
/usr/sbin/iptables-nft
10
/usr/sbin/ip6tables-nft
/usr/sbin/ip6tables-nft-restore
/usr/sbin/ip6tables-nft-save
/usr/sbin/iptables-nft-restore
/usr/sbin/iptables-nft-save
"""

_FEDORA_LEGACY = """\
/usr/sbin/iptables-legacy
10
/usr/sbin/ip6tables-legacy
/usr/sbin/ip6tables-legacy-restore
/usr/sbin/ip6tables-legacy-save
/usr/sbin/iptables-legacy-restore
/usr/sbin/iptables-legacy-save
"""

_FEDORA_WRAPPER = """\
/usr/sbin/iptables-wrapper
100
/usr/sbin/iptables-wrapper
/usr/sbin/iptables-wrapper
/usr/sbin/iptables-wrapper
/usr/sbin/iptables-wrapper
/usr/sbin/iptables-wrapper
"""

FEDORA = _FEDORA_HEAD + _FEDORA_NFT + _FEDORA_LEGACY + _FEDORA_WRAPPER

FEDORA_LEGACY_FIRST = _FEDORA_HEAD + _FEDORA_LEGACY + _FEDORA_NFT + _FEDORA_WRAPPER

# Azure Linux, Photon: chkconfig's format, Debian's groups. Their priorities are higher than the wrapper's, so install
# selects the wrapper manually.
TWO_GROUPS = """\
manual
/usr/sbin/iptables
iptables-restore
/usr/sbin/iptables-restore
iptables-save
/usr/sbin/iptables-save

/usr/sbin/iptables-nft
30000
/usr/sbin/iptables-nft-restore
/usr/sbin/iptables-nft-save
/usr/sbin/iptables-legacy
10000
/usr/sbin/iptables-legacy-restore
/usr/sbin/iptables-legacy-save
/usr/sbin/iptables-wrapper
100
/usr/sbin/iptables-wrapper
/usr/sbin/iptables-wrapper
"""

TWO_GROUPS_LEGACY_FIRST = """\
manual
/usr/sbin/iptables
iptables-restore
/usr/sbin/iptables-restore
iptables-save
/usr/sbin/iptables-save

/usr/sbin/iptables-nft
10000
/usr/sbin/iptables-nft-restore
/usr/sbin/iptables-nft-save
/usr/sbin/iptables-legacy
30000
/usr/sbin/iptables-legacy-restore
/usr/sbin/iptables-legacy-save
/usr/sbin/iptables-wrapper
100
/usr/sbin/iptables-wrapper
/usr/sbin/iptables-wrapper
"""
