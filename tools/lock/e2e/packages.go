package main

import (
	"fmt"

	"github.com/iptables-wrappers/iptables-wrappers/tools/fixture"
)

// The libraries that iptables needs, by the names that binaries contain.
var libraries = []string{"libc.so.6", "libip4tc.so.2", "libip6tc.so.2", "libmnl.so.0", "libnftnl.so.11", "libxtables.so.12"}

// keepLibraries returns patterns of the files of libraries. They stay in Debian's directories, which Debian's dynamic linker
// searches.
func keepLibraries(names ...string) []string {
	var patterns []string
	for _, name := range names {
		patterns = append(patterns, "usr/lib/*/"+name+"*")
	}
	return patterns
}

// iptables returns a package with the multi-call binary of a mode in a directory, and symlinks with the mode in their names. If
// plain is true, it also contains symlinks without it.
func iptables(name, dir, mode string, plain bool) fixture.Spec {
	binary := "xtables-" + mode + "-multi"
	p := fixture.Spec{
		Name:  name,
		Files: map[string]string{dir + "/" + binary: "usr/sbin/" + binary},
		Links: map[string]string{},
	}
	families := []string{"iptables", "ip6tables"}
	if mode == "nft" {
		families = append(families, "arptables", "ebtables")
	}
	for _, family := range families {
		for _, verb := range []string{"", "-restore", "-save"} {
			p.Links[dir+"/"+family+"-"+mode+verb] = binary
			if plain {
				p.Links[dir+"/"+family+verb] = binary
			}
		}
	}
	return p
}

// accounts returns a package with the names of users, groups and protocols.
func accounts(name string) fixture.Spec {
	return fixture.Spec{
		Name: name,
		Files: map[string]string{
			"etc/group":     "usr/share/base-passwd/group.master",
			"etc/protocols": "etc/protocols",
		},
		// Debian's file is a template without the password field x, which means that the password is in the shadow file.
		Texts: map[string]string{"etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n"},
	}
}

// surround puts one text before and one after each name.
func surround(before string, names []string, after string) []string {
	var all []string
	for _, name := range names {
		all = append(all, before+name+after)
	}
	return all
}

// packages returns the packages of a repository.
func packages(specs []fixture.Spec, from fixture.Sources, format string) ([]fixture.Package, error) {
	var all []fixture.Package
	for _, spec := range specs {
		p, err := spec.Package(from, format)
		if err != nil {
			return nil, fmt.Errorf("package %s: %w", spec.Name, err)
		}
		all = append(all, p)
	}
	return all, nil
}
