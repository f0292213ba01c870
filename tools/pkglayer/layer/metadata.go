package layer

import (
	"bytes"
	"crypto/md5"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
)

// addMetadata writes the package database to the path where vulnerability scanners and the distribution's package
// manager read it.
func (t *Tree) addMetadata(s Settings, packages []*archive.Package) error {
	switch s.Metadata {
	case "":
		return nil
	case "dpkg":
		return t.addDpkg(packages)
	case "dpkg-status.d":
		return t.addDpkgFragments(packages)
	case "apk":
		return t.addApk(packages, s)
	case "rpm-manifest":
		return t.addRpmManifest(packages)
	default:
		return fmt.Errorf("settings: metadata %q: not dpkg, dpkg-status.d, apk or rpm-manifest", s.Metadata)
	}
}

const dpkgDir = "var/lib/dpkg"

// addDpkg writes dpkg's database. It is complete enough for dpkg -l, -L, -S and --verify, and for dpkg to install
// further packages.
func (t *Tree) addDpkg(packages []*archive.Package) error {
	var status bytes.Buffer
	for _, pkg := range packages {
		if err := writeStatus(&status, pkg); err != nil {
			return fmt.Errorf("%s: %w", pkg.Name, err)
		}
		prefix := path.Join(dpkgDir, "info", infoName(pkg))
		if err := t.addText(prefix+".list", fileList(pkg)); err != nil {
			return err
		}
		for _, member := range sortedMembers(pkg) {
			if member == "control" {
				continue
			}
			file := archive.File{Name: prefix + "." + member, Type: archive.Regular, Mode: 0o644, Data: pkg.Control[member]}
			if slices.Contains([]string{"preinst", "postinst", "prerm", "postrm", "config"}, member) {
				file.Mode = 0o755
			}
			if err := t.Add(file); err != nil {
				return err
			}
		}
	}
	texts := []struct{ name, text string }{
		{"status", status.String()},
		{"available", ""},
		{"diversions", ""},
		{"statoverride", ""},
		{"info/format", "1\n"}, // multi-arch names, since dpkg 1.16.2
	}
	for _, file := range texts {
		if err := t.addText(path.Join(dpkgDir, file.name), []byte(file.text)); err != nil {
			return err
		}
	}
	for _, dir := range []string{"updates", "triggers", "parts"} {
		if err := t.Add(archive.File{Name: path.Join(dpkgDir, dir), Type: archive.Directory, Mode: 0o755}); err != nil {
			return err
		}
	}
	return nil
}

// addDpkgFragments writes one file for each package, as in Debian's distroless images. Scanners read these files.
func (t *Tree) addDpkgFragments(packages []*archive.Package) error {
	for _, pkg := range packages {
		name := path.Join(dpkgDir, "status.d", pkg.Name)
		control := append(bytes.TrimRight(pkg.Control["control"], "\n"), '\n')
		if err := t.addText(name, control); err != nil {
			return err
		}
		if sums, exists := pkg.Control["md5sums"]; exists {
			if err := t.addText(name+".md5sums", sums); err != nil {
				return err
			}
		}
	}
	return nil
}

// writeStatus writes one package's paragraph of dpkg's status file: its control paragraph, the state, and the conffiles
// with their checksums. dpkg later compares the checksums to detect changes by the user.
func writeStatus(w *bytes.Buffer, pkg *archive.Package) error {
	for line := range bytes.Lines(append(bytes.TrimRight(pkg.Control["control"], "\n"), '\n')) {
		w.Write(line)
		if bytes.HasPrefix(line, []byte("Package:")) {
			w.WriteString("Status: install ok installed\n")
		}
	}
	conffiles := strings.Split(strings.TrimSpace(string(pkg.Control["conffiles"])), "\n")
	if conffiles[0] != "" {
		w.WriteString("Conffiles:\n")
	}
	for _, line := range conffiles {
		if line == "" || strings.HasPrefix(line, "remove-on-upgrade ") {
			continue
		}
		at := slices.IndexFunc(pkg.Files, func(f archive.File) bool { return "/"+f.Name == line })
		if at < 0 {
			return fmt.Errorf("conffile %s: not in the package", line)
		}
		fmt.Fprintf(w, " %s %x\n", line, md5.Sum(pkg.Files[at].Data))
	}
	w.WriteString("\n")
	return nil
}

// infoName returns the base of a package's file names in dpkg's info directory. It contains the architecture if the
// package can be installed for several architectures.
func infoName(pkg *archive.Package) string {
	for line := range bytes.Lines(pkg.Control["control"]) {
		if strings.TrimSpace(string(line)) == "Multi-Arch: same" {
			return pkg.Name + ":" + pkg.Architecture
		}
	}
	return pkg.Name
}

// fileList returns dpkg's list of a package's paths, as they are in the package. Like dpkg with path-exclude, it also
// lists files that are left out of the image.
func fileList(pkg *archive.Package) []byte {
	list := bytes.NewBufferString("/.\n")
	for _, file := range pkg.Files {
		list.WriteString("/" + file.Name + "\n")
	}
	return list.Bytes()
}

func sortedMembers(pkg *archive.Package) []string {
	members := make([]string, 0, len(pkg.Control))
	for member := range pkg.Control {
		members = append(members, member)
	}
	slices.Sort(members)
	return members
}
