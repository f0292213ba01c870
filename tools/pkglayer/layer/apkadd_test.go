package layer_test

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/layer"
)

// apk must write the same database when it installs the package. `apk audit` must report only the files that the test
// changes.
func TestApkAdd(t *testing.T) {
	needs.Machine(t, "apk", "root")
	dir := t.TempDir()
	path := filepath.Join(dir, "example-1.2-r3.apk")
	if err := os.WriteFile(path, apkPackage(t), 0o644); err != nil {
		t.Fatal(err)
	}
	theirs, ours := filepath.Join(dir, "theirs"), filepath.Join(dir, "ours")
	apkTool(t, "--root", theirs, "--arch", "x86_64", "add", "--initdb", "--no-network", "--no-cache", "--allow-untrusted", "--no-scripts", path)
	if err := os.Mkdir(ours, 0o755); err != nil {
		t.Fatal(err)
	}
	unpackLayer(t, ours, apkLayer(t))
	if diff := cmp.Diff(apkDatabase(t, theirs), apkDatabase(t, ours)); diff != "" {
		t.Errorf("lib/apk/db/installed (-apk +ours):\n%s", diff)
	}

	audit := func() string {
		return apkTool(t, "--root", ours, "--arch", "x86_64", "audit", "--system", "--check-permissions", "--recursive")
	}
	clean := audit()
	if strings.Contains(clean, "usr/") {
		t.Errorf("audit of the image as made: %q", clean)
	}
	if err := os.WriteFile(filepath.Join(ours, "usr/bin/second"), []byte("changed"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(ours, "usr/bin/setuid"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Removexattr(filepath.Join(ours, "usr/bin/capable"), "user.example"); err != nil {
		t.Fatal(err)
	}
	found := strings.Split(audit(), "\n")
	// A change to a file also changes its other hard link.
	for _, want := range []string{"U usr/bin/second", "U usr/bin/hard", "M usr/bin/setuid", "x usr/bin/capable"} {
		if !slices.Contains(found, want) {
			t.Errorf("audit does not print %q but %q", want, found)
		}
	}
	if out := apkTool(t, "--root", ours, "--arch", "x86_64", "info", "--who-owns", "/usr/bin/link"); !strings.Contains(out, "owned by example-1.2-r3") {
		t.Errorf("apk info printed %q", out)
	}
}

// On an image that pkglayer made, apk adds a package with scripts, runs a trigger of the image's busybox, and upgrades
// busybox with its script. `apk audit` must report only the differences that it reports for Alpine's own images.
func TestApkAddScripts(t *testing.T) {
	needs.Machine(t, "apk", "busybox", "root")
	root := filepath.Join(t.TempDir(), "root")
	if err := os.Mkdir(root, 0o755); err != nil {
		t.Fatal(err)
	}
	shadow := file("etc/shadow", shadowShipped)
	shadow.Mode = 0o640
	busybox := busyboxPackage("bin/cat\nbin/sh\nusr/bin/env\n")
	busybox.Files = slices.Concat(machineBusybox(t), busybox.Files[1:])
	// Real packages contain all their directories. If a directory has no owner, apk 3.0.6 crashes in an audit of
	// permissions.
	owned := map[string]bool{"usr/bin": true, "usr": true, "etc/apk": true, "lib/apk/db": true, "lib/apk": true}
	for _, file := range busybox.Files {
		for parent := path.Dir(file.Name); parent != "."; parent = path.Dir(parent) {
			owned[parent] = true
		}
	}
	for name := range owned {
		busybox.Files = append(busybox.Files, dir(name, 0o755))
	}
	busybox.Control[".trigger"] = []byte("#!/bin/sh\necho \"$@\" >>/triggered\n")
	busybox.Control[".pre-deinstall"] = []byte("#!/bin/sh\necho gone >>/triggered\n")
	unpackLayer(t, root, write(t, layer.Settings{Metadata: "apk", Requested: []string{"busybox", "alpine-baselayout-data", "apk-tools"}},
		busybox, alpinePackage("alpine-baselayout-data", "3.7.0-r0", "", nil, shadow), alpinePackage("apk-tools", "3.0.6-r0", "", nil, file("etc/apk/arch", "x86_64\n"))))

	apkRun := func(args ...string) string {
		return apkTool(t, append([]string{"--root", root, "--no-network", "--no-cache", "--allow-untrusted"}, args...)...)
	}
	audit := func() string { return apkRun("audit", "--system", "--check-permissions", "--recursive") }
	before := audit()
	if strings.Contains(before, "busybox") || strings.Contains(before, "lib/apk") {
		t.Errorf("audit of the image as made: %q", before)
	}
	added := filepath.Join(t.TempDir(), "added-1-r0.apk")
	data := apkStream(t, true, tar.Header{Typeflag: tar.TypeDir, Name: "usr/bin/", Mode: 0o755}, tar.Header{Name: "usr/bin/added", Mode: 0o755})
	control := apkStream(t, false,
		tar.Header{Name: ".PKGINFO", Mode: 0o644, Linkname: fmt.Sprintf("pkgname = added\npkgver = 1-r0\narch = x86_64\nsize = 1\ndatahash = %x\n", sha256.Sum256(data))},
		tar.Header{Name: ".pre-install", Mode: 0o755, Linkname: "#!/bin/sh\ncat /etc/shadow >/before\n"})
	if err := os.WriteFile(added, append(control, data...), 0o644); err != nil {
		t.Fatal(err)
	}
	said := apkRun("add", added)
	for name, want := range map[string]string{"before": "root:*:", "triggered": "/usr/bin", "usr/bin/added": "content of usr/bin/added"} {
		if got, err := os.ReadFile(filepath.Join(root, name)); err != nil || !strings.HasPrefix(string(got), want) {
			t.Errorf("/%s is %q (%v), want %q; apk said %s", name, got, err, want, said)
		}
	}
	if diff := cmp.Diff(before, audit()); diff != "" {
		t.Errorf("audit (-before +after apk add):\n%s", diff)
	}
	apkRun("del", "added")
	if _, err := os.Stat(filepath.Join(root, "usr/bin/added")); err == nil {
		t.Error("apk del left /usr/bin/added")
	}
	apkRun("del", "--force-broken-world", "busybox")
	if got, _ := os.ReadFile(filepath.Join(root, "triggered")); !strings.HasSuffix(string(got), "gone\n") {
		t.Errorf("apk del did not run busybox's script of the image: %q", got)
	}
}

// machineBusybox returns the machine's busybox at its path in Alpine, with the libraries it is linked with, if any.
func machineBusybox(t *testing.T) []archive.File {
	t.Helper()
	program, err := exec.LookPath("busybox")
	if err != nil {
		t.Fatal(err)
	}
	paths := map[string]string{"bin/busybox": program}
	out, _ := exec.Command("ldd", program).Output() // an error for a static program
	for _, word := range strings.Fields(string(out)) {
		if filepath.IsAbs(word) {
			paths[strings.TrimPrefix(word, "/")] = word
		}
	}
	var files []archive.File
	for name, source := range paths {
		data, err := os.ReadFile(source)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, archive.File{Name: name, Type: archive.Regular, Mode: 0o755, Data: data})
	}
	return files
}

func unpackLayer(t *testing.T, root string, data []byte) {
	t.Helper()
	unpack := exec.Command("tar", "--numeric-owner", "--xattrs", "--xattrs-include=*", "-C", root, "-xzf", "-")
	unpack.Stdin = bytes.NewReader(data)
	if out, err := unpack.CombinedOutput(); err != nil {
		t.Fatalf("tar: %v: %s", err, out)
	}
}

func apkTool(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("apk", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("apk %q: %v: %s", args, err, out)
	}
	return string(out)
}

// apkDatabase returns the database of installed packages under root.
func apkDatabase(t *testing.T, root string) string {
	t.Helper()
	for _, name := range []string{"lib/apk/db/installed", "usr/lib/apk/db/installed"} {
		if text, err := os.ReadFile(filepath.Join(root, name)); err == nil {
			return string(text)
		}
	}
	t.Fatalf("no database under %s", root)
	return ""
}
