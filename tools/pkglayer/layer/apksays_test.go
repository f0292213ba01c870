package layer_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
)

// The database is the one that apk itself writes when it installs the package, and its audit finds nothing but what was changed.
func TestApkSays(t *testing.T) {
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
	tar := exec.Command("tar", "--numeric-owner", "--xattrs", "--xattrs-include=*", "-C", ours, "-xzf", "-")
	tar.Stdin = bytes.NewReader(apkLayer(t))
	if out, err := tar.CombinedOutput(); err != nil {
		t.Fatalf("tar: %v: %s", err, out)
	}
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
	// A hard link's other name has changed with it.
	for _, want := range []string{"U usr/bin/second", "U usr/bin/hard", "M usr/bin/setuid", "x usr/bin/capable"} {
		if !slices.Contains(found, want) {
			t.Errorf("audit does not say %q but %q", want, found)
		}
	}
	if out := apkTool(t, "--root", ours, "--arch", "x86_64", "info", "--who-owns", "/usr/bin/link"); !strings.Contains(out, "owned by example-1.2-r3") {
		t.Errorf("apk info says %q", out)
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

// apkDatabase is the database of installed packages under root.
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
