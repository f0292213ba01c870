package installer_test

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
	"github.com/iptables-wrappers/iptables-wrappers/tests/roots"
)

// rows are the cases of the script in each shell. The root contains the script and the wrapper in its top directory.
var rows = []struct {
	name string
	test func(t *testing.T, r scriptRoot)
}{
	{"installs and cleans up", func(t *testing.T, r scriptRoot) {
		before := r.files(t)
		if out, status := r.run(script, "/"); status != 0 || out != "" {
			t.Fatalf("status %d\n%s", status, out)
		}
		r.assertRemoved(t, before, script, wrapper)
		r.assertInstalled(t)
	}},
	{"keeps on request, from elsewhere, twice", func(t *testing.T, r scriptRoot) {
		before := r.files(t)
		for range 2 {
			if out, status := r.run(".."+script, "/tmp", "--no-cleanup", "--no-sanity-check"); status != 0 {
				t.Fatalf("status %d\n%s", status, out)
			}
		}
		r.assertRemoved(t, before)
		r.assertInstalled(t)
	}},
	{"passes --nft-only on", func(t *testing.T, r scriptRoot) {
		if err := os.Remove(filepath.Join(r.dir, "usr/sbin/xtables-legacy-multi")); err != nil {
			t.Fatal(err)
		}
		if out, status := r.run(script, "/", "--nft-only"); status != 0 || out != "" {
			t.Fatalf("status %d\n%s", status, out)
		}
		r.assertInstalled(t)
	}},
	{"finds the wrapper in the working directory", func(t *testing.T, r scriptRoot) {
		if err := os.Rename(filepath.Join(r.dir, wrapper), filepath.Join(r.dir, "tmp", wrapper)); err != nil {
			t.Fatal(err)
		}
		if out, status := r.run(script, "/"); status != 1 || !strings.Contains(out, "no iptables-wrapper in / or in the working directory") {
			t.Errorf("without it: status %d\n%s", status, out)
		}
		before := r.files(t)
		if out, status := r.run(script, "/tmp"); status != 0 {
			t.Errorf("status %d\n%s", status, out)
		}
		r.assertRemoved(t, before, script, "/tmp"+wrapper)
	}},
	{"finds the wrapper beside its file, through symlinks", func(t *testing.T, r scriptRoot) {
		if err := errors.Join(
			os.MkdirAll(filepath.Join(r.dir, "opt/tools"), 0o755),
			os.Rename(filepath.Join(r.dir, wrapper), filepath.Join(r.dir, "opt/tools/iptables-wrapper")),
			os.Rename(filepath.Join(r.dir, script), filepath.Join(r.dir, "opt/tools/installer")),
			os.Symlink("../../opt/tools/installer", filepath.Join(r.dir, "usr/bin/second")),
			os.Symlink("/usr/bin/second", filepath.Join(r.dir, "usr/bin/first")),
			os.WriteFile(filepath.Join(r.dir, "usr/bin/iptables-wrapper"), []byte("not the wrapper"), 0o755),
		); err != nil {
			t.Fatal(err)
		}
		before := r.files(t)
		if out, status := r.run("/usr/bin/first", "/"); status != 0 || out != "" {
			t.Fatalf("status %d\n%s", status, out)
		}
		r.assertRemoved(t, before, "/opt/tools/iptables-wrapper", "/opt/tools/installer", "/usr/bin/first")
		r.assertInstalled(t)
	}},
	{"removes nothing when it is read from standard input", func(t *testing.T, r scriptRoot) {
		text, err := os.ReadFile(filepath.Join(r.dir, script))
		if err != nil {
			t.Fatal(err)
		}
		// $0 is the shell's own file, which is in the working directory beside a wrapper.
		copyFile(t, filepath.Join(r.dir, wrapper), filepath.Join(r.dir, "brought/iptables-wrapper"))
		r.stdin = string(text)
		before := r.files(t)
		if out, status := r.sh("/brought"); status != 0 || out != "" {
			t.Fatalf("status %d\n%s", status, out)
		}
		r.assertRemoved(t, before)
		r.assertInstalled(t)
		if out, status := r.sh("/brought", "-s", "--", "--force"); status != 2 || !strings.Contains(out, "--force") {
			t.Errorf("an unknown option: status %d\n%s", status, out)
		}
	}},
	{"removes nothing when it is an argument of the shell", func(t *testing.T, r scriptRoot) {
		text, err := os.ReadFile(filepath.Join(r.dir, script))
		if err != nil {
			t.Fatal(err)
		}
		before := r.files(t)
		if out, status := r.sh("/", "-c", string(text)); status != 0 || out != "" {
			t.Fatalf("status %d\n%s", status, out)
		}
		r.assertRemoved(t, before)
		r.assertInstalled(t)
	}},
	{"does nothing when only a part of it arrives", func(t *testing.T, r scriptRoot) {
		text, err := os.ReadFile(filepath.Join(r.dir, script))
		if err != nil {
			t.Fatal(err)
		}
		before := r.files(t)
		for _, part := range []int{len(text) / 4, len(text) / 2, len(text) - len("\nmain \"$@\"\n")} {
			r.stdin = string(text[:part])
			r.sh("/")
		}
		if after := r.files(t); !maps.Equal(before, after) {
			t.Error("files changed")
		}
	}},
	{"takes a wrapper without execute permission", func(t *testing.T, r scriptRoot) {
		if err := os.Chmod(filepath.Join(r.dir, wrapper), 0o600); err != nil { // the mode that ADD sets on a download
			t.Fatal(err)
		}
		if out, status := r.run(script, "/"); status != 0 || out != "" {
			t.Fatalf("status %d\n%s", status, out)
		}
		r.assertInstalled(t)
		info, err := os.Stat(filepath.Join(r.dir, "usr/sbin/iptables-wrapper"))
		if err != nil || info.Mode() != 0o755 {
			t.Errorf("the installed wrapper: %v, %v", info, err)
		}
	}},
	{"names the remedy for a wrapper that cannot get execute permission", func(t *testing.T, r scriptRoot) {
		file := filepath.Join(r.dir, wrapper)
		readOnly(t, file, 0o600)
		before := r.files(t)
		if out, status := r.run(script, "/"); status != 1 || !strings.Contains(out, "no execute permission") || !strings.Contains(out, "chmod +x") {
			t.Errorf("status %d\n%s", status, out)
		}
		r.assertRemoved(t, before)
	}},
	{"names the option for files that cannot be removed", func(t *testing.T, r scriptRoot) {
		readOnly(t, filepath.Join(r.dir, wrapper), 0o755)
		if out, status := r.run(script, "/"); status != 1 || !strings.Contains(out, "--no-cleanup") {
			t.Errorf("status %d\n%s", status, out)
		}
		r.assertInstalled(t)
	}},
	{"stays beside the mode binaries", func(t *testing.T, r scriptRoot) {
		copyFile(t, filepath.Join(r.dir, wrapper), filepath.Join(r.dir, "usr/sbin/iptables-wrapper"))
		copyFile(t, filepath.Join(r.dir, script), filepath.Join(r.dir, "usr/sbin", script))
		before := r.files(t)
		if out, status := r.run("/usr/sbin"+script, "/"); status != 0 {
			t.Fatalf("status %d\n%s", status, out)
		}
		r.assertRemoved(t, before, "/usr/sbin"+script)
	}},
	{"refuses other options", func(t *testing.T, r scriptRoot) {
		before := r.files(t)
		for _, option := range []string{"--force", "--help", "nft", ""} {
			if out, status := r.run(script, "/", "--no-cleanup", option); status != 2 || !strings.Contains(out, "sh: "+option+": unknown option") {
				t.Errorf("%q: status %d\n%s", option, status, out)
			}
		}
		if after := r.files(t); !maps.Equal(before, after) {
			t.Error("files changed")
		}
	}},
	{"keeps the files when the install is refused", func(t *testing.T, r scriptRoot) {
		if err := os.Remove(filepath.Join(r.dir, "usr/sbin/xtables-legacy-multi")); err != nil {
			t.Fatal(err)
		}
		before := r.files(t)
		out, status := r.run(script, "/")
		if status != 1 || !strings.Contains(out, "iptables has no legacy variant here") {
			t.Errorf("status %d\n%s", status, out)
		}
		r.assertRemoved(t, before)
	}},
}

func TestScript(t *testing.T) {
	for _, shell := range shells() {
		t.Run(shell[0], func(t *testing.T) {
			needs.Machine(t, "root", shell[0])
			binary, debian := needs.Wrapper(t, wrapperVariable), roots.Unpack(t, roots.Debians(t)[0])
			for _, row := range rows {
				t.Run(row.name, func(t *testing.T) { row.test(t, newScriptRoot(t, debian, binary, shell)) })
			}
		})
	}
}
