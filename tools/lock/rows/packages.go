package main

import (
	"fmt"

	"github.com/iptables-wrappers/iptables-wrappers/tools/fixture"
)

// What iptables needs, by the names that programs have for it.
var libraries = []string{"libc.so.6", "libip4tc.so.2", "libip6tc.so.2", "libmnl.so.0", "libnftnl.so.11", "libxtables.so.12"}

// keepLibraries has patterns of the files of libraries. They stay where Debian has them: Debian's linker looks there.
func keepLibraries(names ...string) []string {
	var patterns []string
	for _, name := range names {
		patterns = append(patterns, "usr/lib/*/"+name+"*")
	}
	return patterns
}

// iptables is a package with the multi-call binary of a mode in a folder, the names spelled with the mode, and if plain is set
// those without.
func iptables(name, folder, mode string, plain bool) fixture.Spec {
	binary := "xtables-" + mode + "-multi"
	p := fixture.Spec{
		Name:  name,
		Files: map[string]string{folder + "/" + binary: "usr/sbin/" + binary},
		Links: map[string]string{},
	}
	families := []string{"iptables", "ip6tables"}
	if mode == "nft" {
		families = append(families, "arptables", "ebtables")
	}
	for _, family := range families {
		for _, verb := range []string{"", "-restore", "-save"} {
			p.Links[folder+"/"+family+"-"+mode+verb] = binary
			if plain {
				p.Links[folder+"/"+family+verb] = binary
			}
		}
	}
	return p
}

// accounts is a package with the names of users, groups and protocols.
func accounts(name string) fixture.Spec {
	return fixture.Spec{
		Name: name,
		Files: map[string]string{
			"etc/group":     "usr/share/base-passwd/group.master",
			"etc/protocols": "etc/protocols",
		},
		// Debian's is a template, with no password field that means a shadow file.
		Texts: map[string]string{"etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n"},
	}
}

// surround puts something before and after each of names.
func surround(before string, names []string, after string) []string {
	var all []string
	for _, name := range names {
		all = append(all, before+name+after)
	}
	return all
}

// packages makes what is to be in a repository.
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
