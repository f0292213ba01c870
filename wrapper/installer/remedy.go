package installer

import (
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/xtables"
)

// remedy says how to get the missing mode on this distribution. Nothing but these words depends on os-release.
func (s *site) remedy(missing mode.Mode) string {
	data, _ := s.readEither("/etc/os-release", "/usr/lib/os-release")
	release := parseOSRelease(data)
	is := func(id string) bool { return release["ID"] == id }
	// CentOS, Rocky and Alma say that they are like RHEL, Ubuntu that it is like Debian.
	like := func(id string) bool { return is(id) || strings.Contains(" "+release["ID_LIKE"]+" ", " "+id+" ") }
	major, _, _ := strings.Cut(release["VERSION_ID"], ".")
	legacy := missing == mode.Legacy
	switch {
	case is("alpine") && legacy:
		return "apk add iptables-legacy (Alpine 3.19 and later package it alone)"
	case is("fedora") || is("amzn"):
		return "dnf install iptables-" + missing.String()
	case like("rhel") && legacy && major == "8", is("sles") && legacy:
		return "RHEL 8, UBI 8 and SLES 16 ship only nft: use another base image"
	case like("rhel") && legacy:
		return "RHEL and UBI from 8 on ship only nft: enable EPEL " + major + " and dnf install iptables-legacy"
	case like("rhel"):
		return "dnf install iptables-nft"
	case is("mariner") && !legacy:
		return "Mariner 2 builds iptables without nft and cannot serve: use Azure Linux 3"
	case is("bottlerocket") && !legacy:
		return "this Bottlerocket builds iptables without nft: update it"
	case is("gentoo") && !legacy:
		return "emerge net-firewall/iptables with USE=nftables"
	case like("debian"):
		return "apt-get install --reinstall iptables"
	}
	return "install the package that has " + xtables.Multi(missing)
}

// parseOSRelease reads os-release(5) as far as its values are plain words, which those asked for are.
func parseOSRelease(data []byte) map[string]string {
	values := map[string]string{}
	for line := range strings.Lines(string(data)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		values[key] = strings.Trim(value, `"'`)
	}
	return values
}
