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

// go test ./wrapper/iptables-wrapper -update
var update = flag.Bool("update", false, "rewrite the golden files in testdata/report")

// situation is a root file system, an environment and evidence.
type situation struct {
	files       roots.Tree // nil: Debian's, installed
	env         []string
	override    mode.Mode
	nft, legacy mode.Backend
	problems    []string // the identifiers that are expected
	incomplete  bool     // and --check fails without a problem
}

// kubelet returns a backend that contains kubelet's chain and nothing else that counts.
func kubelet(f mode.Family) mode.Backend {
	b := mode.Empty(mode.Present)
	b.Hints[f][mode.KubeKubeletCanary] = mode.Present
	b.Rules = mode.Exactly(1)
	b.Owners.Count([]byte("KUBE-KUBELET-CANARY"))
	return b
}

func contains(least, most uint64, bounded bool) mode.Backend {
	b := mode.Empty(mode.Present)
	b.Rules = mode.RuleCount{Least: least, Most: most, Bounded: bounded}
	return b
}

func situations() map[string]situation {
	debian, alpine := roots.Find("Debian"), roots.Find("Alpine 3.20")
	empty, unknown := mode.Empty(mode.Present), mode.Backend{Err: errors.New("nf_tables: operation not permitted")}
	incompatible := mode.Empty(mode.Present)
	incompatible.Compat = mode.Absent
	proxy := contains(2, 2, true)
	proxy.Hints[mode.IPv6][mode.KubeProxyCanary] = mode.Present
	hostile := unknown
	hostile.Err = errors.New("/proc/\x1b[2J\"net\\\"\n\xff: ödd")
	return map[string]situation{
		"kubelet in nft":    {nft: kubelet(mode.IPv6), legacy: empty},
		"kubelet in legacy": {nft: empty, legacy: kubelet(mode.IPv4)},
		"not final":         {nft: unknown, legacy: kubelet(mode.IPv4), incomplete: true},
		"legacy unknown":    {nft: kubelet(mode.IPv4), legacy: unknown, incomplete: true},
		"kube-proxy":        {nft: empty, legacy: proxy},
		"rules":             {nft: contains(2, 7, true), legacy: mode.Empty(mode.Absent)},
		"rules at least":    {nft: contains(3, 0, false), legacy: empty, incomplete: true},
		"only supported":    {nft: empty, legacy: mode.Empty(mode.Absent)},
		"no nft_compat":     {nft: incompatible, legacy: empty},
		"nothing known":     {nft: hostile, legacy: unknown, incomplete: true},
		"not installed":     {files: debian.Before, nft: kubelet(mode.IPv4), legacy: empty},
		"no iptables":       {files: roots.Tree{"usr/sbin/": ""}, nft: kubelet(mode.IPv4), legacy: empty},
		"pinned":            {files: debian.Pinned[mode.Legacy], nft: empty, legacy: kubelet(mode.IPv4)},
		"nft only":          {files: debian.Installed.Without("usr/sbin/xtables-legacy-multi"), nft: empty, legacy: empty},
		"legacy only":       {files: alpine.Installed.Without("sbin/xtables-nft-multi"), nft: empty, legacy: empty},
		"override":          {override: mode.Legacy, nft: contains(2, 2, true), legacy: empty},
		"PATH before": {
			files: alpine.Installed.With(roots.Tree{"usr/local/bin/ip6tables@": "/sbin/iptables-wrapper"}),
			env:   []string{"PATH=/usr/local/bin:/sbin"}, nft: empty, legacy: empty,
		},
		"mixed": {
			files: alpine.Installed.With(roots.Tree{"sbin/iptables@": "xtables-legacy-multi"}), nft: empty, legacy: empty,
		},
		"split node": {
			nft: contains(5, 5, true), legacy: contains(3, 3, true),
			problems: []string{"split-node"},
		},
		"pinned to other mode": {
			files: debian.Pinned[mode.NFT], nft: empty, legacy: kubelet(mode.IPv4),
			problems: []string{"pinned-to-other-mode"},
		},
		"one pinned to other mode": {
			files: alpine.Installed.With(roots.Tree{"sbin/iptables@": "xtables-legacy-multi"}), nft: kubelet(mode.IPv4), legacy: empty,
			problems: []string{"pinned-to-other-mode"},
		},
		"pinned against rules": {files: debian.Pinned[mode.NFT], nft: empty, legacy: contains(9, 9, true)},
		"override contradicts": {
			override: mode.NFT, nft: empty, legacy: kubelet(mode.IPv4),
			problems: []string{"override-contradicts"},
		},
		"override without effect": {
			files: debian.Pinned[mode.NFT], override: mode.Legacy, nft: empty, legacy: empty,
			problems: []string{"override-without-effect"},
		},
		"override of the pinned mode": {files: debian.Pinned[mode.NFT], override: mode.NFT, nft: empty, legacy: empty},
		"mode not installed": {
			files: debian.Installed.Without("usr/sbin/xtables-legacy-multi"), nft: empty, legacy: kubelet(mode.IPv4),
			problems: []string{"mode-not-installed"},
		},
		"hidden by path": {
			files: debian.Installed.With(roots.Tree{"usr/local/sbin/iptables@": "/usr/sbin/xtables-nft-multi"}), nft: empty, legacy: empty,
			problems: []string{"hidden-by-path"},
		},
		"hidden by the PATH of the environment": {
			files: debian.Installed.With(roots.Tree{"opt/\x1b[2Jbin/ip6tables-save": roots.NFT}),
			env:   []string{"PATH=relative::/opt/\x1b[2Jbin:/usr/sbin"}, nft: empty, legacy: empty,
			problems: []string{"hidden-by-path"},
		},
		"everything": {
			files: debian.Pinned[mode.NFT].With(roots.Tree{"usr/local/sbin/iptables": roots.Legacy}), override: mode.NFT,
			nft: contains(4, 4, true), legacy: kubelet(mode.IPv4),
			problems: []string{"split-node", "pinned-to-other-mode", "override-contradicts", "hidden-by-path"},
		},
	}
}

// The whole of both reports, and whether --check would fail.
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
			inst, err := xtables.Find(root, "")
			wrapper := ""
			if err == nil {
				wrapper, err = inst.Wrapper(root)
			}
			if err != nil && !errors.Is(err, xtables.ErrNone) {
				t.Fatal(err)
			}
			in := inputs(s.override, inst)
			in.Evidence = mode.Evidence{NFT: s.nft, Legacy: s.legacy}
			r := newReport(&in, s.env, root, inst, wrapper)
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
			text, object := r.text(false), r.json()
			golden(t, name, text+"\n"+object)
			for i, b := range []byte(text + object) {
				if b < ' ' && b != '\n' {
					t.Errorf("control character %#x at %d", b, i)
				}
			}
			assertObject(t, object, r)

			coloured := r.text(true)
			for _, p := range r.problems {
				coloured = strings.Replace(coloured, "\x1b[1;31m"+p.id+": "+p.text+"\x1b[0m\n", p.id+": "+p.text+"\n", 1)
			}
			if coloured != text {
				t.Errorf("in colour:\n%q", coloured)
			}
		})
	}
}

// assertObject reads the JSON object as a program does.
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
	if note := r.in.Evidence.NFT.Err; note != nil && read.Evidence["nft"].Note != printable(note.Error()) {
		t.Errorf("note %q, want %q", read.Evidence["nft"].Note, printable(note.Error()))
	}
}

// golden compares with a file of testdata/report.
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

// Every golden file belongs to a situation.
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

// programs returns three files that stand for programs: none of them is executed.
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

// Whichever copy of the program is run on Alpine before 3.21, where the mode binaries are in /sbin, the installed wrapper is meant.
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
		inst, err := xtables.Find(root, name)
		if err != nil {
			t.Fatal(err)
		}
		wrapper, err := inst.Wrapper(root)
		if err != nil || wrapper != copies[0] {
			t.Errorf("%s: the installed wrapper is %s, %v", name, wrapper, err)
		}
		in := inputs(0, inst)
		in.Evidence = mode.Evidence{NFT: kubelet(mode.IPv4), Legacy: mode.Empty(mode.Present)}
		r := newReport(&in, nil, root, inst, wrapper)
		if r.links.String() != "wrapper" || r.pin() != "yes" || len(r.problems) != 0 {
			t.Errorf("%s: links %s, pin %s, problems %v", name, r.links, r.pin(), r.problems)
		}
	}
}
