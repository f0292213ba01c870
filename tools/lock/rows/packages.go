package main

// pack is one package of a mirror: what tests/layouts/fixtures calls a spec, and what it is made of.
type pack struct {
	Name        string            `json:"name"`
	Version     string            `json:"version"`
	Needs       []string          `json:"needs"`
	Provides    []string          `json:"provides"`
	Keep        []string          `json:"keep"`
	Files       map[string]string `json:"files"`
	Links       map[string]string `json:"links"`
	Texts       map[string]string `json:"texts"`
	Directories map[string]string `json:"directories"`
	Ghosts      []string          `json:"ghosts"`
	Commands    []string          `json:"commands"`

	sources  []string          // names of Debian's packages that the files are in
	programs map[string]string // of this machine, path in the package to path here
}

// What iptables needs, by the names that programs have for it.
var (
	libraries      = []string{"libc.so.6", "libip4tc.so.2", "libip6tc.so.2", "libmnl.so.0", "libnftnl.so.11", "libxtables.so.12"}
	librarySources = []string{"libc6", "libip4tc2", "libip6tc2", "libmnl0", "libnftnl11", "libxtables12"}
)

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
func iptables(name, folder, mode string, plain bool) pack {
	binary := "xtables-" + mode + "-multi"
	p := pack{
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
func accounts(name string) pack {
	return pack{
		Name: name,
		Files: map[string]string{
			"etc/group":     "usr/share/base-passwd/group.master",
			"etc/protocols": "etc/protocols",
		},
		// Debian's is a template, with no password field that means a shadow file.
		Texts:   map[string]string{"etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n"},
		sources: []string{"base-passwd", "netbase"},
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
