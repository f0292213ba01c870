package installer

import (
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

// remedy says how to get the missing mode on this distribution. Nothing but these words depends on os-release.
func (s *site) remedy(missing mode.Mode) string {
	d := s.distribution()
	legacy := missing == mode.Legacy
	switch {
	case d.is("alpine") && legacy:
		return "apk add iptables-legacy (Alpine 3.19 and later package it alone)"
	case d.is("fedora") || d.is("amzn"):
		return "dnf install iptables-" + missing.String()
	case d.like("rhel") && legacy && d.major() == "8":
		return "RHEL 8 and UBI 8 ship only nft and cannot serve: use another base image"
	case d.like("rhel") && legacy:
		return "RHEL and UBI from 8 on ship only nft and cannot serve: enable EPEL " + d.major() +
			" and dnf install iptables-legacy, or use another base image"
	case d.like("rhel"):
		return "dnf install iptables-nft"
	case d.is("mariner") && !legacy:
		return "Mariner 2 builds iptables without nft and cannot serve: use Azure Linux 3"
	case d.is("sles") && legacy:
		return "SLES 16 ships only nft and cannot serve: use another base image"
	case d.is("bottlerocket") && !legacy:
		return "this Bottlerocket builds iptables without nft: update it"
	case d.is("gentoo") && !legacy:
		return "emerge net-firewall/iptables with USE=nftables"
	case d.like("debian"):
		return "apt-get install --reinstall iptables"
	}
	return "install the package that has xtables-" + missing.String() + "-multi"
}

// distribution is what os-release says.
type distribution struct{ id, idLike, version string }

func (d distribution) is(id string) bool { return d.id == id }

// like tells whether this is the distribution id or one that says it is like it (CentOS, Rocky, Alma; Ubuntu).
func (d distribution) like(id string) bool {
	return d.id == id || strings.Contains(" "+d.idLike+" ", " "+id+" ")
}

func (d distribution) major() string {
	major, _, _ := strings.Cut(d.version, ".")
	return major
}

func (s *site) distribution() distribution {
	var d distribution
	data, err := s.root.ReadFile("/etc/os-release", 1<<16)
	if err != nil {
		data, err = s.root.ReadFile("/usr/lib/os-release", 1<<16)
	}
	if err != nil {
		return d
	}
	for line := range strings.Lines(string(data)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		value = strings.Trim(value, `"'`)
		switch key {
		case "ID":
			d.id = value
		case "ID_LIKE":
			d.idLike = value
		case "VERSION_ID":
			d.version = value
		}
	}
	return d
}
