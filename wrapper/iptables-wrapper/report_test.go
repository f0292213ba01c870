package main

import (
	stdjson "encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/roots"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/xtables"
)

// To rewrite the golden files, run go test ./wrapper/iptables-wrapper -update
var update = flag.Bool("update", false, "rewrite the golden files in testdata/report")

// Compares both reports as a whole, and checks whether --check would fail.
func TestReport(t *testing.T) {
	for name, s := range situations() {
		t.Run(name, func(t *testing.T) {
			files := s.files
			if files == nil {
				files = roots.Find("Debian").Installed
			}
			root, err := rootfs.Open(files.Build(t, programs(t)))
			if err != nil {
				t.Fatal(err)
			}
			defer root.Close()
			in := mode.Inputs{Override: s.override, Evidence: mode.Evidence{NFT: s.nft, Legacy: s.legacy}}
			now := &state{Inputs: in, env: s.env}
			if err := now.use(xtables.FindInstalled(root, "")); err != nil && !errors.Is(err, xtables.ErrNone) {
				t.Fatal(err)
			}
			r := newReport(now)
			var got []string
			for _, p := range r.problems {
				got = append(got, p.id)
			}
			if !slices.Equal(got, s.problems) {
				t.Errorf("problems %q, want %q", got, s.problems)
			}
			if err := r.check(); (err != nil) != (len(got) > 0 || s.incomplete) || (err == errProblem) != (len(got) > 0) {
				t.Errorf("--check: %v", err)
			}
			text, object := r.text(), r.json()
			golden(t, name, text+"\n"+object)
			for i, b := range []byte(text + object) {
				if b < ' ' && b != '\n' {
					t.Errorf("control character %#x at %d", b, i)
				}
			}
			assertObject(t, object, r)
		})
	}
}

// assertObject parses the JSON output with encoding/json, and compares it with the report.
func assertObject(t *testing.T, object string, r *report) {
	t.Helper()
	var read struct {
		Mode, Reason, Links string
		Pin, Conflict       bool
		Problems            []string
		Evidence            map[string]struct{ Note string }
	}
	if err := stdjson.Unmarshal([]byte(object), &read); err != nil {
		t.Fatalf("%v\n%s", err, object)
	}
	if read.Mode != r.Mode.String() || read.Reason != string(r.Reason) || read.Links != r.links.String() || read.Problems == nil {
		t.Errorf("read %+v from %s", read, object)
	}
	if note := r.Evidence.NFT.Err; note != nil && read.Evidence["nft"].Note != printable(note.Error()) {
		t.Errorf("note %q, want %q", read.Evidence["nft"].Note, printable(note.Error()))
	}
}

// golden compares a text with a file in testdata/report.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", "report", strings.ReplaceAll(name, " ", "-")+".txt")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// Every golden file must belong to one of the test cases (situations).
func TestGoldenFiles(t *testing.T) {
	all := situations()
	entries, err := os.ReadDir("testdata/report")
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != len(all) {
		t.Errorf("%d golden files for %d situations", len(entries), len(all))
	}
}

// programs returns three files in place of binaries. None of them is executed.
func programs(t *testing.T) map[string]string {
	t.Helper()
	dir, files := t.TempDir(), map[string]string{}
	for _, name := range []string{roots.NFT, roots.Legacy, roots.Wrapper} {
		files[name] = filepath.Join(dir, name)
		if err := os.WriteFile(files[name], []byte("\x7fELF"+name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// On Alpine before 3.21 the mode binaries are in /sbin. Each copy of the wrapper finds the installed wrapper there.
func TestSecondCopy(t *testing.T) {
	copies := []string{"/sbin/iptables-wrapper", "/iptables-wrapper", "/usr/sbin/iptables-wrapper", "/opt/wrapper"}
	files := roots.Find("Alpine 3.20").Installed
	for _, name := range copies[1:] {
		files = files.With(roots.Tree{name[1:]: roots.Wrapper})
	}
	root, err := rootfs.Open(files.Build(t, programs(t)))
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for _, name := range copies {
		in := mode.Inputs{Evidence: mode.Evidence{NFT: kubelet(mode.IPv4), Legacy: mode.Empty(mode.Present)}}
		now := &state{Inputs: in}
		if err := now.use(xtables.FindInstalled(root, name)); err != nil || now.inst.Wrapper != copies[0] {
			t.Errorf("%s: the installed wrapper is %s, %v", name, now.inst.Wrapper, err)
		}
		r := newReport(now)
		if r.links.String() != "wrapper" || r.blocked != nil || len(r.problems) != 0 {
			t.Errorf("%s: links %s, blocked %v, problems %v", name, r.links, r.blocked, r.problems)
		}
	}
}
