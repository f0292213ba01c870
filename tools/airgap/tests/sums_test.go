package tests

import (
	"archive/zip"
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
)

// A module that a proxy made up is refused, although GOSUMDB=off lets the go command accept it.
func TestMadeUpModule(t *testing.T) {
	needs.Machine(t, "go")
	b := newTaker(t)
	steps := t.TempDir()
	if err := os.CopyFS(steps, os.DirFS(b.here)); err != nil {
		t.Fatal(err)
	}
	b.here = steps
	const module, version = "github.com/bazelbuild/rules_go", "v0.62.0"
	proxy := t.TempDir()
	dir := filepath.Join(proxy, module, "@v")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	archive := zip.NewWriter(&packed)
	file, err := archive.Create(module + "@" + version + "/go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.Write([]byte("module " + module + "\n")); err != nil {
		t.Fatal(err)
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{".zip": packed.String(), ".mod": "module " + module + "\n", ".info": `{"Version": "` + version + `"}`} {
		if err := os.WriteFile(filepath.Join(dir, version+name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("GOPROXY", "file://"+proxy)
	t.Setenv("GOSUMDB", "off")
	const commands = `log=$cache/log downloads=$cache/downloads; download "$1"`
	out, err := b.run(commands, module+"@"+version)
	line := regexp.MustCompile(`Go modules: (` + module + ` ` + version + ` h1:\S+): not in tools/airgap/gomodules.sum`).FindStringSubmatch(out)
	if err == nil || line == nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := os.WriteFile(filepath.Join(steps, "gomodules.sum"), []byte(line[1]+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := b.run(commands, module+"@"+version); err != nil {
		t.Errorf("with the sum in gomodules.sum: %v\n%s", err, out)
	}
}
