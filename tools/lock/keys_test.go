package main

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/images"
	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/index"
)

// TestKeysOfTheTable: every row has the keys that its lock needs, so that only the distribution's mirror must answer.
func TestKeysOfTheTable(t *testing.T) {
	table, err := images.Read("../../images/distros.generated.json")
	must(t, err)
	for _, name := range slices.Sorted(maps.Keys(table)) {
		directory := filepath.Join("../../images", name, "keys")
		for release := range table[name].Releases {
			r := request{client: http.DefaultClient, distro: table[name], name: name, release: release, keys: directory}
			if _, err := r.source(); err != nil {
				t.Errorf("%s %s: %v", name, release, err)
			}
			if key := "fedora/RPM-GPG-KEY-fedora-" + release + "-primary"; name == "fedora" && !slices.Contains(table[name].Keys, key) {
				t.Errorf("%s %s: the table does not name %s", name, release, key)
			}
		}
		if len(table[name].Keys) == 0 {
			continue
		}
		readme, err := os.ReadFile(filepath.Join(directory, "README.md"))
		must(t, err)
		want := []string{"README.md"}
		for _, key := range table[name].Keys {
			want = append(want, path.Base(key))
			data, err := os.ReadFile(filepath.Join(directory, path.Base(key)))
			if err != nil {
				t.Errorf("%v; run: ./bazelw run //tools/lock/keys", err)
				continue
			}
			if line := fmt.Sprintf("| `%s` | `%x` |", key, sha256.Sum256(data)); !strings.Contains(string(readme), line) {
				t.Errorf("%s/README.md does not say where %s is from; run: ./bazelw run //tools/lock/keys", directory, key)
			}
		}
		files, err := filepath.Glob(directory + "/*")
		must(t, err)
		for _, file := range files {
			if !slices.Contains(want, filepath.Base(file)) {
				t.Errorf("%s: trusted, and not in the table", file)
			}
		}
	}
}

// TestAlpineKeysAreStrong: the keys of 2048 bits are for releases without support.
func TestAlpineKeysAreStrong(t *testing.T) {
	keys, err := index.ReadAlpineKeys("../../images/alpine/keys")
	must(t, err)
	for name, key := range keys {
		if key.N.BitLen() != 4096 {
			t.Errorf("%s: %d bits", name, key.N.BitLen())
		}
	}
}
