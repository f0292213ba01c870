package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/iptables-wrappers/iptables-wrappers/tests/roots"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/installer"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
)

// snapshot has a line for each path of a directory: inode, permissions, size, and time of the last change.
func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		all[name[len(dir):]] = fmt.Sprint(info.Sys().(*syscall.Stat_t).Ino, info.Mode(), info.Size(), info.ModTime())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// The layer is made from the installer's list of changes. In every layout of the root, this list must contain each path
// that changes on disk.
func TestChangesAreAll(t *testing.T) {
	programs := map[string]string{}
	for name, text := range map[string]string{roots.NFT: "1.8.11 (nf_tables)", roots.Legacy: "1.8.11 (legacy)", roots.Wrapper: "the wrapper"} {
		programs[name] = filepath.Join(t.TempDir(), "program")
		if err := os.WriteFile(programs[name], []byte(program(text)), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, layout := range roots.Layouts() {
		t.Run(layout.Name, func(t *testing.T) {
			dir := layout.Before.Build(t, programs)
			before := snapshot(t, dir)
			root, err := rootfs.Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer root.Close()
			result, err := installer.Install(installer.Options{Root: root, Self: programs[roots.Wrapper], SanityCheck: true})
			if err != nil {
				t.Fatal(err)
			}
			listed, found := map[string]bool{}, map[string]bool{}
			for _, change := range result.Changes {
				listed[change.Path] = true
			}
			after := snapshot(t, dir)
			for name, text := range after {
				if before[name] != text {
					found[name] = true
				}
			}
			for name := range before {
				if after[name] == "" {
					found[name] = true
				}
			}
			if diff := cmp.Diff(found, listed); diff != "" {
				t.Errorf("changes (-on disk +listed):\n%s", diff)
			}
		})
	}
}
