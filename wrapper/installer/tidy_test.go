package installer

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/roots"
)

// `alts -n iptables -p 2` is a choice of the administrator, which install does not change.
func TestRefusesOverrides(t *testing.T) {
	for file, text := range map[string]string{
		"etc/libalternatives.conf":          "vim=20\niptables=90\n ip6tables = 1 # why\n",
		"root/.config/libalternatives.conf": "ip6tables=2\n",
	} {
		before := roots.Find("Tumbleweed").Before.With(roots.Tree{file: text})
		dir := before.Build(t, roots.Programs(t))
		_, err := install(t, dir)
		if want := "/" + file + " selects another ip6tables: remove that choice with alts -n ip6tables, then install again"; err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
		roots.Assert(t, dir, before)
	}
}

// An install removes the file in which calls of an earlier version recorded a guess.
func TestForgetsTheGuess(t *testing.T) {
	c := roots.Find("Alpine 3.20")
	dir := c.Before.With(roots.Tree{"sbin/.iptables-wrapper.guessed": ""}).Build(t, roots.Programs(t))
	mustInstall(t, dir)
	roots.Assert(t, dir, c.Installed)
}

// An install removes files that killed installs and calls left, even if it changes nothing else.
func TestSweeps(t *testing.T) {
	programs := roots.Programs(t)
	for _, c := range oneOfEach() {
		t.Run(c.Name, func(t *testing.T) {
			dir := c.Before.Build(t, programs)
			r := mustInstall(t, dir)
			changed := map[string]bool{} // directories with changed files, relative to the root
			for _, change := range r.Changes {
				parent := change.Staging
				if parent == "" {
					parent = filepath.Dir(change.Path)
				}
				changed[parent] = true
			}
			for parent := range changed {
				for _, name := range []string{"new", "old.0", "old.1"} {
					if err := os.WriteFile(filepath.Join(dir, parent, ".iptables-wrapper."+name), nil, 0o600); err != nil {
						t.Fatal(err)
					}
				}
			}
			if err := os.WriteFile(filepath.Join(dir, filepath.Dir(r.Wrapper), ".iptables-wrapper.lock"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			if again := mustInstall(t, dir); len(again.Changes) != 0 || len(again.Warnings) != 0 {
				t.Errorf("the second install changes %v, and warns %v", again.Changes, again.Warnings)
			}
			roots.Assert(t, dir, c.Installed)
		})
	}
}

// An empty directory in the place of a temporary file is removed.
func TestPlantedDirectory(t *testing.T) {
	before := alpine().With(roots.Tree{"usr/sbin/.iptables-wrapper.new/": "", "usr/sbin/.iptables-wrapper.old.0/": ""})
	dir := before.Build(t, roots.Programs(t))
	mustInstall(t, dir)
	if entries, _ := filepath.Glob(filepath.Join(dir, "usr/sbin/.ipt*")); len(entries) != 0 {
		t.Errorf("%q are left", entries)
	}
}

// A directory in the place of a temporary file is not removed if it contains a file. An install that has to create the temporary
// file changes nothing, and its error names the directory. An install that has nothing to change prints one warning.
func TestPlantedDirectoryWithFiles(t *testing.T) {
	planted := roots.Tree{"usr/sbin/.iptables-wrapper.new/file": "x"}
	const reason = "remove /usr/sbin/.iptables-wrapper.new: directory not empty: "
	dir := alpine().With(planted).Build(t, roots.Programs(t))
	before := snapshot(t, dir)
	if _, err := install(t, dir); err == nil || err.Error() != "replace /usr/sbin/iptables-wrapper: "+reason+"nothing was changed: correct this, then install again" {
		t.Errorf("error %v", err)
	}
	assertUnchanged(t, dir, before)

	dir = alpine().Build(t, roots.Programs(t))
	mustInstall(t, dir)
	if err := os.CopyFS(dir, os.DirFS(planted.Build(t, nil))); err != nil {
		t.Fatal(err)
	}
	if warnings := mustInstall(t, dir).Warnings; len(warnings) != 1 || warnings[0].Error() != reason+"remove it manually" {
		t.Errorf("warnings %q", warnings)
	}
}
