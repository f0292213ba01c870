package layer

import (
	"bytes"
	"fmt"
	"path"

	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/apk"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
)

// addApk writes apk's database of installed packages (apk-tools, doc/apk-v2(5)): a paragraph per package, fields of one
// letter, then every directory with its files.
func (t *Tree) addApk(packages []*archive.Package) error {
	var installed, world bytes.Buffer
	for _, pkg := range packages {
		info, err := apk.ParseInfo(pkg.Control[apk.InfoFile])
		if err != nil {
			return fmt.Errorf("%s: %w", pkg.Name, err)
		}
		fmt.Fprintf(&installed, "C:%s\nP:%s\nV:%s\nA:%s\n", pkg.Control[apk.Identity], pkg.Name, pkg.Version, pkg.Architecture)
		for _, field := range []struct{ letter, key string }{
			{"I", "size"}, {"T", "pkgdesc"}, {"U", "url"}, {"L", "license"}, {"o", "origin"},
			{"m", "maintainer"}, {"t", "builddate"}, {"c", "commit"},
		} {
			if value := info.First(field.key); value != "" {
				fmt.Fprintf(&installed, "%s:%s\n", field.letter, value)
			}
		}
		for _, field := range []struct{ letter, key string }{{"D", "depend"}, {"p", "provides"}, {"r", "replaces"}} {
			if value := info.Joined(field.key); value != "" {
				fmt.Fprintf(&installed, "%s:%s\n", field.letter, value)
			}
		}
		writeApkFiles(&installed, pkg)
		installed.WriteString("\n")
		fmt.Fprintf(&world, "%s\n", pkg.Name)
	}
	if err := t.addText("lib/apk/db/installed", installed.Bytes()); err != nil {
		return err
	}
	if err := t.addText("lib/apk/db/triggers", nil); err != nil {
		return err
	}
	return t.addText("etc/apk/world", world.Bytes())
}

// writeApkFiles lists directories (F:, M: when their mode is not 0755 root) and in each its files (R:, a: alike).
func writeApkFiles(w *bytes.Buffer, pkg *archive.Package) {
	var directories []archive.File
	known := map[string]bool{}
	content := map[string][]archive.File{}
	for _, file := range pkg.Files {
		if file.Type == archive.Directory {
			directories = append(directories, file)
			known[file.Name] = true
		}
	}
	for _, file := range pkg.Files {
		if file.Type == archive.Directory {
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
	for _, dir := range directories {
		fmt.Fprintf(w, "F:%s\n", dir.Name)
		if dir.Mode != 0o755 || dir.UID != 0 || dir.GID != 0 {
			fmt.Fprintf(w, "M:%d:%d:%o\n", dir.UID, dir.GID, dir.Mode)
		}
		for _, file := range content[dir.Name] {
			fmt.Fprintf(w, "R:%s\n", path.Base(file.Name))
			if file.Type != archive.Symlink && (file.Mode != 0o644 || file.UID != 0 || file.GID != 0) {
				fmt.Fprintf(w, "a:%d:%d:%o\n", file.UID, file.GID, file.Mode)
			}
		}
	}
}
