package lint_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
)

// .ci/apply-locks applies a patch that changes only generated files, and stages the changes. It refuses any other patch and
// then changes nothing.
func TestApplyLocks(t *testing.T) {
	needs.Machine(t, "git")
	script, err := os.ReadFile(filepath.Join(checkout(t), ".ci/apply-locks"))
	if err != nil {
		t.Fatal(err)
	}
	const lock, listing, kernel = "images/debian/trixie/packages.lock.json", "images/debian/testdata/trixie.mtree", "tests/kernels/debian/trixie/packages.lock.json"
	for name, test := range map[string]struct {
		change func(dir string) error
		want   string // part of the refusal; empty if the patch is applied
	}{
		"a lock":             {write(lock, "new"), ""},
		"a first lock":       {write("images/fedora/44/packages.lock.json", "new"), ""},
		"a listing":          {write(listing, "new"), ""},
		"a kernel's lock":    {write(kernel, "new"), ""},
		"the README":         {write("README.md", "new"), ""},
		"a workflow":         {write(".github/workflows/ci.yaml", "new"), ".github/workflows/ci.yaml (mode 000000"},
		"the build's flags":  {write(".bazelrc", "new"), ".bazelrc (mode"},
		"a lock elsewhere":   {write("images/a/b/c/packages.lock.json", "new"), "images/a/b/c/"},
		"a local lock":       {write("images/debian/trixie/packages.lock.local.json", "new"), "lock.local.json"},
		"two files":          {all(write(lock, "new"), write("bazelw", "new")), "bazelw (mode"},
		"a name with a line": {write("images/a/b/packages.lock.json\nx", "new"), `packages.lock.json\n`},
		"a removed lock":     {remove(lock), lock + " (mode 100644 to 000000)"},
		"an executable lock": {func(dir string) error { return os.Chmod(filepath.Join(dir, lock), 0o755) }, lock + " (mode 100644 to 100755)"},
		"a symlink":          {all(remove(lock), func(dir string) error { return os.Symlink("/etc/passwd", filepath.Join(dir, lock)) }), lock + " (mode 100644 to 120000)"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for _, file := range []string{lock, listing, kernel, "README.md", ".bazelrc", "bazelw"} {
				if err := write(file, "old")(dir); err != nil {
					t.Fatal(err)
				}
			}
			if err := write(".ci/apply-locks", string(script))(dir); err != nil {
				t.Fatal(err)
			}
			git(t, dir, "init", "-q")
			git(t, dir, "add", ".")
			git(t, dir, "-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-q", "-m", "all")
			if err := test.change(dir); err != nil {
				t.Fatal(err)
			}
			git(t, dir, "add", ".")
			patch := filepath.Join(t.TempDir(), "patch")
			if err := os.WriteFile(patch, []byte(git(t, dir, "diff", "--cached")), 0o600); err != nil {
				t.Fatal(err)
			}
			git(t, dir, "reset", "-q", "--hard")
			out, err := exec.Command("bash", filepath.Join(dir, ".ci/apply-locks"), patch).CombinedOutput()
			if (err == nil) != (test.want == "") || !strings.Contains(string(out), test.want) {
				t.Errorf("%v, %s, want %q", err, out, test.want)
			}
			if staged := git(t, dir, "diff", "--cached", "--name-only"); (staged != "") != (test.want == "") {
				t.Errorf("staged: %q", staged)
			}
			if changed := git(t, dir, "ls-files", "--others"); test.want != "" && changed != "" {
				t.Errorf("new files in the working tree: %q", changed)
			}
		})
	}
}

func write(name, text string) func(dir string) error {
	return func(dir string) error {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		return os.WriteFile(path, []byte(text+"\n"), 0o644)
	}
}

func remove(name string) func(dir string) error {
	return func(dir string) error { return os.Remove(filepath.Join(dir, name)) }
}

func all(changes ...func(dir string) error) func(dir string) error {
	return func(dir string) error {
		for _, change := range changes {
			if err := change(dir); err != nil {
				return err
			}
		}
		return nil
	}
}

func git(t *testing.T, dir string, arguments ...string) string {
	t.Helper()
	command := exec.Command("git", append([]string{"-C", dir, "-c", "core.quotePath=false"}, arguments...)...)
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
	return string(out)
}
