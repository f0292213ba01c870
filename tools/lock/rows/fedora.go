package main

import (
	"bytes"
	"fmt"
	"os/exec"
	"path/filepath"

	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/rpm"
)

// coreutils are the programs that the structure tests and the installer's script run.
var coreutils = []string{
	"basename", "cat", "chmod", "cp", "cut", "dirname", "echo", "env", "head", "id", "ln", "ls", "mkdir", "mv", "printf", "readlink", "rm",
	"sort", "tail", "tr", "uname", "uniq", "wc",
}

var coreutilsLibraries = []string{"libacl.so.1", "libattr.so.1", "libcrypto.so.3", "libgmp.so.10", "libpcre2-8.so.0", "libselinux.so.1", "libz.so.1", "libzstd.so.1"}

// fedora is the packages that the table asks for, and what those need. bash is dash by that name. The programs alternatives and
// update-alternatives are in no Debian: the package has their folders, and the tests that call them are known to fail.
func fedora(release string) []pack {
	needs := func(names ...string) []string { return surround("", names, "()(64bit)") }
	setup := accounts("setup")
	setup.Version = "2.15.0"
	libs := pack{Name: "iptables-libs", Needs: needs("libc.so.6"), Provides: needs(libraries[1:]...), Keep: append(keepLibraries(libraries[1:]...), "usr/lib/*/xtables/*.so"), sources: librarySources}
	nft, legacy := iptables("iptables-nft", "usr/bin", "nft", false), iptables("iptables-legacy", "usr/bin", "legacy", false)
	for _, p := range []*pack{&nft, &legacy} {
		p.Needs = append(needs(libraries...), "/usr/bin/sh", "alternatives")
		for _, family := range []string{"iptables", "ip6tables"} {
			p.Ghosts = append(p.Ghosts, surround("usr/bin/"+family, []string{"", "-restore", "-save"}, "")...)
		}
		mode := p.Name[len("iptables-"):]
		p.Commands = []string{"update-alternatives --install /usr/bin/iptables iptables /usr/bin/iptables-" + mode + " 10 --follower /usr/bin/ip6tables ip6tables /usr/bin/ip6tables-" + mode}
	}
	return []pack{
		{Name: "filesystem", Version: "3.18", Needs: []string{"setup"},
			Directories: map[string]string{"etc": "0755", "proc": "0555", "root": "0550", "run": "0755", "sys": "0555", "tmp": "1777", "usr": "0755", "usr/bin": "0555", "usr/lib": "0555", "usr/lib64": "0555", "var": "0755"},
			Links:       map[string]string{"bin": "usr/bin", "lib": "usr/lib", "lib64": "usr/lib64", "sbin": "usr/sbin", "var/run": "../run"}},
		setup,
		{Name: "fedora-release-container", Version: release, Links: map[string]string{"etc/os-release": "../usr/lib/os-release"},
			Texts: map[string]string{"usr/lib/os-release": "NAME=\"Fedora Linux\"\nID=fedora\nVERSION_ID=" + release + "\n"}},
		{Name: "glibc", Version: "2.42", Provides: needs("libc.so.6"), sources: []string{"libc6"},
			Keep: append(keepLibraries("libc.so.6", "libm.so.6"), "usr/lib*/ld*.so.*", "usr/lib/*/ld*.so.*")},
		{Name: "glibc-minimal-langpack", Version: "2.42", Needs: []string{"glibc"}, sources: []string{"libc-bin"}, Keep: []string{"usr/lib/locale/C.utf8/LC_*"}},
		{Name: "bash", Version: "5.3.0", Needs: append(needs("libc.so.6"), "filesystem"), sources: []string{"dash"},
			Files: map[string]string{"usr/bin/bash": "usr/bin/dash"}, Links: map[string]string{"usr/bin/sh": "bash"}},
		{Name: "coreutils-single", Version: "9.7", Needs: needs(append([]string{"libc.so.6"}, coreutilsLibraries...)...), sources: []string{"coreutils"},
			Keep: surround("usr/bin/", coreutils, "")},
		{Name: "coreutils-libraries", Version: "1", Provides: needs(coreutilsLibraries...), Keep: keepLibraries(coreutilsLibraries...),
			sources: []string{"libacl1", "libattr1", "libgmp10", "libpcre2-8-0", "libselinux1", "libssl3t64", "libzstd1", "zlib1g"}},
		{Name: "alternatives", Version: "1.33", Directories: map[string]string{"etc/alternatives": "0755", "var/lib/alternatives": "0755"}},
		libs, nft, legacy,
	}
}

// makeFedora writes the packages of a release for one architecture, each signed by the key in a file, and has createrepo_c make
// the index.
func (m *mirror) makeFedora(release, oci, own, key string) error {
	tree := "fedora-secondary"
	if own == "x86_64" || own == "aarch64" {
		tree = "fedora/linux"
	}
	folder := filepath.Join(m.folder, tree, "releases", release, "Everything", own, "os")
	for _, p := range fedora(release) {
		data, err := m.pack(p, oci, ".rpm", key)
		if err != nil {
			return err
		}
		made, err := rpm.Read(bytes.NewReader(data), archive.DefaultLimits())
		if err != nil {
			return fmt.Errorf("package %s for %s: %w", p.Name, oci, err)
		}
		name := fmt.Sprintf("%s-%s.%s.rpm", made.Name, made.Version, made.Architecture)
		if err := write(filepath.Join(folder, "Packages", name[:1], name), data); err != nil {
			return err
		}
	}
	if out, err := exec.Command("createrepo_c", "--quiet", folder).CombinedOutput(); err != nil {
		return fmt.Errorf("createrepo_c: %w\n%s", err, out)
	}
	return nil
}
