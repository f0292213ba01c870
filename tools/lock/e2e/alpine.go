package main

import (
	"crypto"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"github.com/iptables-wrappers/iptables-wrappers/tools/fixture"
)

const alpineKey = "e2e@example.com-5ca1ab1e.rsa.pub"

// interpreters are the ELF interpreters that Debian's programs name. No package of Debian contains these paths: they exist
// because of the symlinks of a merged /usr, which Alpine does not have.
var interpreters = map[string][2]string{
	"amd64": {"lib64/ld-linux-x86-64.so.2", "usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"},
	"arm64": {"lib/ld-linux-aarch64.so.1", "usr/lib/aarch64-linux-gnu/ld-linux-aarch64.so.1"},
}

// alpine returns the packages in the table and their dependencies. busybox is the binary of this machine. For other
// architectures, whose images are never run, it is dash. commands are the paths in the file list of Debian's busybox package.
func alpine(release, oci string, here []byte, commands string, publicKey []byte) []fixture.Spec {
	data := accounts("alpine-baselayout-data")
	data.Texts["etc/shadow"] = "root:::0:::::\nnobody:!::0:::::\n"
	layout := fixture.Spec{
		Name: "alpine-baselayout", Needs: []string{"alpine-baselayout-data", "/bin/sh"},
		Directories: map[string]string{"proc": "0555", "root": "0700", "run": "0755", "sys": "0555", "tmp": "1777"},
		Links:       map[string]string{"var/run": "../run"},
	}
	libs := fixture.Spec{
		Name:     "debian-libraries",
		Version:  "1",
		Provides: surround("so:", append([]string{"libresolv.so.2"}, libraries...), "=1"),
		Keep:     keepLibraries(append([]string{"libresolv.so.2"}, libraries...)...),
	}
	busybox := fixture.Spec{
		Name: "busybox", Version: "1.37.0", Needs: []string{"so:libc.so.6"},
		Texts: map[string]string{"etc/busybox-paths.d/busybox": commands},
	}
	if oci == runtime.GOARCH {
		libs.Files = map[string]string{interpreters[oci][0]: interpreters[oci][1]}
		busybox.Programs = map[string][]byte{"bin/busybox": here}
		busybox.Needs = append(busybox.Needs, "so:libresolv.so.2")
	} else {
		busybox.Files = map[string]string{"bin/busybox": "usr/bin/dash"}
	}
	nft, legacy := iptables("iptables", "usr/sbin", "nft", true), iptables("iptables-legacy", "usr/sbin", "legacy", false)
	nft.Needs = surround("so:", libraries, "")
	nft.Keep = []string{"usr/lib/*/xtables/*.so"}
	legacy.Needs = append([]string{"iptables"}, surround("so:", libraries, "")...)
	return []fixture.Spec{
		layout, data,
		{Name: "musl-utils", Version: "1.2.5", Texts: map[string]string{"usr/bin/ldd": "#!/bin/sh\n"}},
		{Name: "alpine-keys", Version: "2.5", Texts: map[string]string{"etc/apk/keys/" + alpineKey: string(publicKey)}},
		{Name: "alpine-release", Version: release + ".0", Needs: []string{"alpine-keys"}, Texts: map[string]string{
			"etc/alpine-release": release + ".0\n",
			"etc/os-release":     "NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=" + release + ".0\n",
		}},
		// Debian has no package with apk itself.
		{Name: "apk-tools", Version: "3.0.0", Texts: map[string]string{"etc/apk/arch": oci + "\n"}},
		busybox,
		{Name: "busybox-binsh", Version: "1.37.0", Needs: []string{"busybox=1.37.0-r0"}, Provides: []string{"/bin/sh", "cmd:sh=1.37.0-r0"},
			Links: map[string]string{"bin/sh": "/bin/busybox"}},
		libs, nft, legacy,
	}
}

// makeAlpine writes the repository main of a release for one architecture.
func (m *mirror) makeAlpine(from fixture.Sources, release, oci, own string) error {
	path, err := exec.LookPath("busybox")
	if err != nil {
		return err
	}
	busybox, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	commands, err := exec.Command(path, "--list-full").Output()
	if err != nil {
		return err
	}
	made, err := packages(alpine(release, oci, busybox, string(commands), m.alpinePublic), from, "apk")
	if err != nil {
		return err
	}
	return fixture.WriteAlpine(filepath.Join(m.dir, "alpine", "v"+release, "main", own), m.alpine, crypto.SHA1, time.Now(), made)
}
