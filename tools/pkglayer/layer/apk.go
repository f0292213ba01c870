package layer

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/apk"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
)

// addApk writes apk's database of installed packages (apk-tools, doc/apk-v2(5)): one paragraph for each package, with
// fields of one letter, and then all directories with their files. `apk audit` compares the image with this list. apk
// cannot exclude paths, so a file that is left out of the image is also left out of the list.
func (t *Tree) addApk(packages []*archive.Package, s Settings) error {
	if len(s.Requested) == 0 {
		return errors.New("settings: requested: empty, but /etc/apk/world must say which packages the image is made for")
	}
	if err := t.finishAlpine(packages); err != nil {
		return err
	}
	var installed bytes.Buffer
	for _, pkg := range packages {
		info, err := apk.ParseInfo(pkg.Control[apk.InfoFile])
		if err != nil {
			return fmt.Errorf("%s: %w", pkg.Name, err)
		}
		writeApkFields(&installed, pkg, info)
		if err := t.writeApkFiles(&installed, pkg, s.Keeps); err != nil {
			return fmt.Errorf("%s: %w", pkg.Name, err)
		}
		installed.WriteString("\n")
	}
	if err := t.addText(path.Join(apkDir, "installed"), installed.Bytes()); err != nil {
		return err
	}
	if err := t.addApkScripts(packages); err != nil {
		return err
	}
	return t.addText("etc/apk/world", []byte(strings.Join(slices.Sorted(slices.Values(s.Requested)), "\n")+"\n"))
}

// writeApkFields writes the fields of the package itself, in apk's order.
func writeApkFields(w *bytes.Buffer, pkg *archive.Package, info apk.Info) {
	for _, field := range []struct{ letter, value string }{
		{"C", string(pkg.Control[apk.Identity])},
		{"P", pkg.Name},
		{"V", pkg.Version},
		{"A", pkg.Architecture},
		{"S", string(pkg.Control[apk.Size])},
		{"I", info.First("size")},
		{"T", info.First("pkgdesc")},
		{"U", info.First("url")},
		{"L", info.First("license")},
		{"o", info.First("origin")},
		{"m", info.First("maintainer")},
		{"t", info.First("builddate")},
		{"c", info.First("commit")},
		{"k", info.First("provider_priority")},
		{"D", info.Joined("depend")},
		{"p", info.Joined("provides")},
		{"i", info.Joined("install_if")},
		{"r", info.Joined("replaces")},
		{"q", info.First("replaces_priority")},
	} {
		if field.value != "" {
			fmt.Fprintf(w, "%s:%s\n", field.letter, field.value)
		}
	}
}

// writeApkFiles lists the directories (F:, and M: unless root owns it with mode 0755), and in each its files (R:, a:
// unless root owns it with mode 0644, and Z: for its checksum).
func (t *Tree) writeApkFiles(w *bytes.Buffer, pkg *archive.Package, keep func(name string) bool) error {
	var directories []archive.File
	known := map[string]bool{}
	content := map[string][]archive.File{}
	regular := map[string]archive.File{}
	for _, file := range pkg.Files {
		if file.Type == archive.Directory {
			directories = append(directories, file)
			known[file.Name] = true
		}
		if file.Type == archive.Regular {
			regular[file.Name] = file
		}
	}
	for _, file := range pkg.Files {
		real, err := t.resolve(file.Name)
		if err != nil {
			return err
		}
		if file.Type == archive.Directory || !keep(real) {
			continue
		}
		dir := path.Dir(file.Name)
		if dir == "." {
			dir = ""
		}
		if !known[dir] {
			directories = append(directories, archive.File{Name: dir, Mode: 0o755})
			known[dir] = true
		}
		content[dir] = append(content[dir], file)
	}
	byName := func(a, b archive.File) int { return strings.Compare(a.Name, b.Name) }
	slices.SortFunc(directories, byName)
	for _, dir := range directories {
		real, err := t.resolve(dir.Name)
		if dir.Name != "" && (err != nil || !keep(real)) {
			continue
		}
		fmt.Fprintf(w, "F:%s\n", dir.Name)
		writeApkOwner(w, "M", dir, 0o755)
		slices.SortFunc(content[dir.Name], byName)
		for _, file := range content[dir.Name] {
			fmt.Fprintf(w, "R:%s\n", path.Base(file.Name))
			writeApkOwner(w, "a", file, 0o644)
			fmt.Fprintf(w, "Z:%s\n", apkSum(apkContent(file, regular)))
		}
	}
	return nil
}

// apkContent returns the bytes that apk's checksum of a file covers: the target of a symlink, or the content, also for
// a hard link.
func apkContent(file archive.File, regular map[string]archive.File) []byte {
	switch file.Type {
	case archive.Symlink:
		return []byte(file.Link)
	case archive.Hardlink:
		return regular[file.Link].Data
	default:
		return file.Data
	}
}

// writeApkOwner writes owner, group and mode, and the checksum of the extended attributes if there are any. It writes
// nothing for root with the usual mode.
func writeApkOwner(w *bytes.Buffer, letter string, file archive.File, usual int64) {
	if file.Mode == usual && file.UID == 0 && file.GID == 0 && len(file.Xattrs) == 0 {
		return
	}
	fmt.Fprintf(w, "%s:%d:%d:%o", letter, file.UID, file.GID, file.Mode)
	if len(file.Xattrs) > 0 {
		// The checksum covers names and values, sorted by name, each after its length (apk-tools, src/io.c).
		var all []byte
		for _, name := range slices.Sorted(maps.Keys(file.Xattrs)) {
			for _, text := range []string{name, file.Xattrs[name]} {
				all = binary.BigEndian.AppendUint32(all, uint32(len(text)))
				all = append(all, text...)
			}
		}
		fmt.Fprintf(w, ":%s", apkSum(all))
	}
	w.WriteString("\n")
}

// apkSum returns a SHA-1 in apk's syntax: Q1 and base64.
func apkSum(content []byte) string {
	sum := sha1.Sum(content)
	return "Q1" + base64.StdEncoding.EncodeToString(sum[:])
}
