package main

import (
	"path/filepath"

	"github.com/iptables-wrappers/iptables-wrappers/tools/fixture"
)

// coreutils are the programs that the structure tests and the installer's script run.
var coreutils = []string{
	"basename", "cat", "chmod", "cp", "cut", "dirname", "echo", "env", "head", "id", "ln", "ls", "mkdir", "mv", "printf", "readlink", "rm",
	"sort", "tail", "tr", "uname", "uniq", "wc",
}

var coreutilsLibraries = []string{"libacl.so.1", "libattr.so.1", "libcrypto.so.3", "libgmp.so.10", "libpcre2-8.so.0", "libselinux.so.1", "libz.so.1", "libzstd.so.1"}

// fedora returns the packages in the table and their dependencies. bash is dash under that name. Debian has no programs
// alternatives and update-alternatives: the package contains only their directories, and the tests that call them must fail.
func fedora(release string) []fixture.Spec {
	needs := func(names ...string) []string { return surround("", names, "()(64bit)") }
	setup := accounts("setup")
	setup.Version = "2.15.0"
	libs := fixture.Spec{Name: "iptables-libs", Needs: needs("libc.so.6"), Provides: needs(libraries[1:]...), Keep: append(keepLibraries(libraries[1:]...), "usr/lib/*/xtables/*.so")}
	nft, legacy := iptables("iptables-nft", "usr/bin", "nft", false), iptables("iptables-legacy", "usr/bin", "legacy", false)
	for _, p := range []*fixture.Spec{&nft, &legacy} {
		// As in the spec file of iptables 1.8.11 (including Requires(post) and Requires(postun)).
		p.Needs = append(needs(libraries...), "/usr/bin/sh", "/usr/bin/readlink", "/usr/sbin/update-alternatives", "filesystem(unmerged-sbin-symlinks)")
		for _, family := range []string{"iptables", "ip6tables"} {
			p.Ghosts = append(p.Ghosts, surround("usr/bin/"+family, []string{"", "-restore", "-save"}, "")...)
		}
		mode := p.Name[len("iptables-"):]
		p.Commands = []string{"update-alternatives --install /usr/bin/iptables iptables /usr/bin/iptables-" + mode + " 10 --follower /usr/bin/ip6tables ip6tables /usr/bin/ip6tables-" + mode}
	}
	return []fixture.Spec{
		{Name: "filesystem", Version: "3.18", Needs: []string{"setup"}, Provides: []string{"filesystem(unmerged-sbin-symlinks)"},
			Directories: map[string]string{"etc": "0755", "proc": "0555", "root": "0550", "run": "0755", "sys": "0555", "tmp": "1777", "usr": "0755", "usr/bin": "0555", "usr/lib": "0555", "usr/lib64": "0555", "var": "0755"},
			Links:       map[string]string{"bin": "usr/bin", "lib": "usr/lib", "lib64": "usr/lib64", "sbin": "usr/sbin", "var/run": "../run"}},
		setup,
		{Name: "fedora-release-container", Version: release, Links: map[string]string{"etc/os-release": "../usr/lib/os-release"},
			Texts: map[string]string{"usr/lib/os-release": "NAME=\"Fedora Linux\"\nID=fedora\nVERSION_ID=" + release + "\n"}},
		{Name: "glibc", Version: "2.42", Provides: needs("libc.so.6"),
			Keep: append(keepLibraries("libc.so.6", "libm.so.6"), "usr/lib*/ld*.so.*", "usr/lib/*/ld*.so.*")},
		{Name: "glibc-minimal-langpack", Version: "2.42", Needs: []string{"glibc"}, Keep: []string{"usr/lib/locale/C.utf8/LC_*"}},
		{Name: "bash", Version: "5.3.0", Needs: append(needs("libc.so.6"), "filesystem"),
			Files: map[string]string{"usr/bin/bash": "usr/bin/dash"}, Links: map[string]string{"usr/bin/sh": "bash"}},
		{Name: "coreutils-single", Version: "9.7", Needs: needs(append([]string{"libc.so.6"}, coreutilsLibraries...)...),
			Keep: surround("usr/bin/", coreutils, "")},
		{Name: "coreutils-libraries", Version: "1", Provides: needs(coreutilsLibraries...), Keep: keepLibraries(coreutilsLibraries...)},
		{Name: "alternatives", Version: "1.33", Provides: []string{"/usr/sbin/update-alternatives"}, Directories: map[string]string{"etc/alternatives": "0755", "var/lib/alternatives": "0755"}},
		libs, nft, legacy,
	}
}

// makeFedora writes the packages of a release for one architecture, and their index.
func (m *mirror) makeFedora(from fixture.Sources, release, own string) error {
	tree := "fedora-secondary"
	if own == "x86_64" || own == "aarch64" {
		tree = "fedora/linux"
	}
	made, err := packages(fedora(release), from, "rpm")
	if err != nil {
		return err
	}
	// An empty repository updates: Fedora has it from the first day of a release.
	if err := fixture.WriteFedora(filepath.Join(m.dir, tree, "updates", release, "Everything", own), m.fedora, nil); err != nil {
		return err
	}
	return fixture.WriteFedora(filepath.Join(m.dir, tree, "releases", release, "Everything", own, "os"), m.fedora, made)
}
