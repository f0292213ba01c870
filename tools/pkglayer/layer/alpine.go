package layer

import (
	"archive/tar"
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/apk"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
)

const (
	busybox      = "busybox"
	busyboxPaths = "etc/busybox-paths.d/busybox"
	shadow       = "etc/shadow"
	apkDir       = "lib/apk/db"
)

// apkScripts are the script types of apk-tools (src/package.c, apk_script_types), in the order in which it writes them.
var apkScripts = []string{".pre-install", ".post-install", ".pre-deinstall", ".post-deinstall", ".pre-upgrade", ".post-upgrade", ".trigger"}

// finishAlpine makes the changes to the packages' files that Alpine's image script (aports, scripts/genrootfs.sh) and busybox's
// trigger make: a locked root account, and a symlink for each command of busybox.
func (t *Tree) finishAlpine(packages []*archive.Package) error {
	t.lockRoot()
	if !slices.ContainsFunc(packages, func(p *archive.Package) bool { return p.Name == busybox }) {
		return nil
	}
	return t.linkBusybox()
}

// lockRoot replaces root's empty password in /etc/shadow, as the package alpine-baselayout-data ships it (CVE-2019-5021).
func (t *Tree) lockRoot() {
	file, exists := t.nodes[shadow]
	if !exists || file.Type != archive.Regular {
		return
	}
	var locked []byte
	for line := range bytes.Lines(file.Data) {
		if rest, open := bytes.CutPrefix(line, []byte("root::")); open {
			line = slices.Concat([]byte("root:*:"), rest)
		}
		locked = append(locked, line...)
	}
	file.Data = locked
}

// linkBusybox links the commands that busybox's package lists. A path that a package contains stays, as with busybox --install.
func (t *Tree) linkBusybox() error {
	list, exists := t.Data(busyboxPaths)
	if !exists {
		return fmt.Errorf("%s: /%s: missing: the commands of busybox are unknown", busybox, busyboxPaths)
	}
	for line := range strings.Lines(string(list)) {
		name, err := archive.CleanName(strings.TrimSpace(line))
		if err != nil {
			return fmt.Errorf("/%s: %w", busyboxPaths, err)
		}
		if name == "" {
			continue
		}
		real, err := t.resolve(name)
		if err != nil {
			return fmt.Errorf("/%s: %w", busyboxPaths, err)
		}
		if _, exists := t.nodes[real]; exists {
			continue
		}
		if err := t.Add(archive.File{Name: name, Type: archive.Symlink, Mode: 0o777, Link: "/bin/busybox"}); err != nil {
			return fmt.Errorf("/%s: %w", busyboxPaths, err)
		}
	}
	return nil
}

// addApkScripts writes the packages' triggers and scripts (apk-tools, src/database.c, apk_db_triggers_write and
// apk_db_scriptdb_write). The scripts run when apk upgrades or removes a package, or when a trigger's directory changes.
func (t *Tree) addApkScripts(packages []*archive.Package) error {
	version3 := slices.ContainsFunc(packages, func(p *archive.Package) bool {
		return p.Name == "apk-tools" && !strings.HasPrefix(p.Version, "2.")
	})
	var triggers, scripts bytes.Buffer
	out := tar.NewWriter(&scripts)
	for _, pkg := range packages {
		info, err := apk.ParseInfo(pkg.Control[apk.InfoFile])
		if err != nil {
			return fmt.Errorf("%s: %w", pkg.Name, err)
		}
		identity := string(pkg.Control[apk.Identity])
		if directories := info.Joined("triggers"); directories != "" {
			fmt.Fprintf(&triggers, "%s %s\n", identity, directories)
		}
		if version3 {
			if identity, err = hexIdentity(identity); err != nil {
				return fmt.Errorf("%s: %w", pkg.Name, err)
			}
		}
		for _, kind := range apkScripts {
			script, exists := pkg.Control[kind]
			if !exists {
				continue
			}
			header := &tar.Header{
				Name: fmt.Sprintf("%s-%s.%s%s", pkg.Name, pkg.Version, identity, kind), Mode: 0o755, Size: int64(len(script)), ModTime: time.Unix(0, 0).UTC(),
			}
			if err := out.WriteHeader(header); err != nil {
				return fmt.Errorf("%s: %s: %w", pkg.Name, kind, err)
			}
			if _, err := out.Write(script); err != nil {
				return fmt.Errorf("%s: %s: %w", pkg.Name, kind, err)
			}
		}
	}
	if err := out.Close(); err != nil {
		return err
	}
	if err := t.addText(path.Join(apkDir, "triggers"), triggers.Bytes()); err != nil {
		return err
	}
	// apk 2 reads scripts.tar. Images without apk-tools get the same file. apk 3 uses the compressed file.
	if !version3 {
		return t.addText(path.Join(apkDir, "scripts.tar"), scripts.Bytes())
	}
	var compressed bytes.Buffer
	stream := gzip.NewWriter(&compressed)
	if _, err := stream.Write(scripts.Bytes()); err != nil {
		return err
	}
	if err := stream.Close(); err != nil {
		return err
	}
	return t.addText(path.Join(apkDir, "scripts.tar.gz"), compressed.Bytes())
}

// hexIdentity spells "Q1" and base64 as "X1" and hexadecimal digits, which apk 3 uses in file names.
func hexIdentity(identity string) (string, error) {
	sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(identity, "Q1"))
	if err != nil {
		return "", fmt.Errorf("identity %q: %w", identity, err)
	}
	return "X1" + hex.EncodeToString(sum), nil
}
