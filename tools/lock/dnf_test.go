package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
	"github.com/iptables-wrappers/iptables-wrappers/tools/fixture"
)

const dnfTable = `{"title": "Example", "format": "rpm", "keys": [],
    "variants": {"only": {"packages": [%s], "without": []}},
    "releases": {"43": {"version": "43", "architectures": {"amd64": "x86_64"}, "suites": []}}
}`

// dnf runs the real dnf5 with separate directories and settings, on the repository of a checkout.
type dnf struct {
	*checkout
	root string
}

func newDnf(t *testing.T, signer *openpgp.Entity, public []byte, packages []fixture.Package) *dnf {
	t.Helper()
	needs.Machine(t, "dnf5")
	c := newCheckout(t, "fedora", "43", dnfTable)
	c.keys("keys", public)
	putFedora(c, signer, packages)
	d := &dnf{c, t.TempDir()}
	put(t, filepath.Join(d.root, "key"), public)
	put(t, filepath.Join(d.root, "repos/example.repo"), fmt.Appendf(nil,
		"[example]\nname=example\nbaseurl=%s/%s\ngpgcheck=1\ngpgkey=file://%s/key\n", c.address, fedoraDir, d.root))
	put(t, filepath.Join(d.root, "dnf.conf"), []byte("[main]\n"))
	return d
}

// transaction is the file that dnf5 stores instead of installing.
type transaction struct {
	RPMs []struct {
		NEVRA  string `json:"nevra"`
		Action string `json:"action"`
	} `json:"rpms"`
}

var nevra = regexp.MustCompile(`^(.+)-([^-]+-[^-]+)\.[^.]+$`)

// theirs returns what dnf5 would install in an empty root. If dnf5 fails, the selection is "".
func (d *dnf) theirs(wanted []string) (string, string) {
	d.t.Helper()
	stored := filepath.Join(d.root, "stored")
	must(d.t, os.RemoveAll(stored))
	command := exec.Command("dnf5", append([]string{
		"--config=" + d.root + "/dnf.conf", "--setopt=reposdir=" + d.root + "/repos", "--installroot=" + d.root + "/root",
		"--setopt=cachedir=" + d.root + "/cache", "--setopt=system_cachedir=" + d.root + "/cache", "--setopt=logdir=" + d.root + "/log",
		"--setopt=install_weak_deps=False", "--setopt=plugins=False", "--setopt=varsdir=/none", "--setopt=proxy=", "--forcearch=x86_64", "--releasever=43",
		"--assumeyes", "install", "--store=" + stored,
	}, wanted...)...)
	command.Env = append(os.Environ(), "LC_ALL=C")
	out, err := command.CombinedOutput()
	if err != nil {
		return "", string(out)
	}
	text, err := os.ReadFile(filepath.Join(stored, "transaction.json"))
	if err != nil {
		d.t.Fatalf("%v\n%s", err, out)
	}
	var stores transaction
	if err := json.Unmarshal(text, &stores); err != nil {
		d.t.Fatalf("%v\n%s", err, text)
	}
	var packages []string
	for _, p := range stores.RPMs {
		match := nevra.FindStringSubmatch(p.NEVRA)
		if match == nil || p.Action != "Install" {
			d.t.Fatalf("package %q: %s", p.NEVRA, p.Action)
		}
		packages = append(packages, match[1]+" "+strings.TrimPrefix(match[2], "0:"))
	}
	// A lock must not silently contain a successor of a wanted package.
	for _, name := range wanted {
		if !slices.ContainsFunc(packages, func(text string) bool { return strings.HasPrefix(text, name+" ") }) {
			return "", string(out)
		}
	}
	return selection(packages), string(out)
}

// rpmOf returns a package in rpm's format.
func rpmOf(p worldPackage) fixture.Package {
	made := fixture.Package{Name: p.name, Version: p.version + "-1", Architecture: "noarch", Provides: p.provides, Conflicts: p.conflicts, Obsoletes: p.obsoletes}
	for _, alternatives := range p.needs {
		need := strings.Join(alternatives, " or ")
		if len(alternatives) > 1 {
			need = "(" + need + ")"
		}
		made.Needs = append(made.Needs, need)
	}
	return made
}

func TestDnfWorlds(t *testing.T) {
	plain := kind{alternatives: true, obsoletes: true, operators: []string{"<", "<=", "=", ">=", ">"}}
	rich := plain
	rich.rich = true
	compareDnf(t, worlds(1, 60, plain))
	compareDnf(t, worlds(1, 60, rich))
}

func compareDnf(t *testing.T, all []world) {
	t.Helper()
	var packages []fixture.Package
	for _, w := range all {
		for _, p := range w.packages {
			packages = append(packages, rpmOf(p))
		}
	}
	signer, public := newSigner(t)
	d := newDnf(t, signer, public, packages)
	ours := func(wanted []string) (string, error) { return d.ours(dnfTable, "x86_64", wanted) }
	compareWorlds(t, all, ours, d.theirs, nil)
}

func TestDnf(t *testing.T) {
	signer, public := newSigner(t)
	pkg := func(name, version string, requires ...string) fixture.Package {
		return fixture.Package{Name: name, Version: version + "-1", Architecture: "noarch", Needs: requires}
	}
	provider := func(name string, provides ...string) fixture.Package {
		return fixture.Package{Name: name, Version: "1-1", Architecture: "x86_64", Provides: provides}
	}
	for _, test := range []solverCase[fixture.Package]{
		{"providers by name", "app", []fixture.Package{pkg("app", "1", "cap"), provider("long-name", "cap"), provider("z", "cap")}, nil, "app 1-1, long-name 1-1"},
		{"the provider of the higher version", "app", []fixture.Package{pkg("app", "1", "cap"), provider("a", "cap = 1"), provider("b", "cap = 2")}, nil, "app 1-1, b 1-1"},
		{"a provider before the package of that name", "app", []fixture.Package{pkg("app", "1", "cap"), pkg("cap", "1"), provider("b", "cap")}, nil, "app 1-1, b 1-1"},
		{"the alphabet before the order of alternatives", "app", []fixture.Package{pkg("app", "1", "(b or a)"), pkg("a", "1"), pkg("b", "1")}, nil, "a 1-1, app 1-1"},
		{"an alternative that another package needs", "app", []fixture.Package{
			pkg("app", "1", "(a or b)", "c"), pkg("a", "1"), pkg("b", "1"), pkg("c", "1", "b"),
		}, nil, "app 1-1, b 1-1, c 1-1"},
		{"an unversioned Provides satisfies every bound", "app", []fixture.Package{pkg("app", "1", "cap >= 2"), provider("a", "cap")}, nil, "a 1-1, app 1-1"},
		{"a file", "app", []fixture.Package{pkg("app", "1", "/usr/bin/sh"), {Name: "bash", Version: "1-1", Architecture: "x86_64", Files: shell}}, nil, "app 1-1, bash 1-1"},
		{"the newest", "app", []fixture.Package{pkg("app", "1"), pkg("app", "1.10"), pkg("app", "1.9")}, nil, "app 1.10-1"},
		{"a bound that only an older version satisfies", "app", []fixture.Package{pkg("app", "1", "lib < 2"), pkg("lib", "1"), pkg("lib", "2")}, nil, "app 1-1, lib 1-1"},
		{"no older version of a requested package", "app", []fixture.Package{pkg("app", "1"), pkg("app", "2", "gone")}, nil, "!package app: needs [gone]"},
		{"a conflict changes the choice", "app", []fixture.Package{
			pkg("app", "1", "cap", "c"), provider("a", "cap"), provider("b", "cap"), {Name: "c", Version: "1-1", Architecture: "noarch", Conflicts: []string{"a"}},
		}, nil, "app 1-1, b 1-1, c 1-1"},
		{"a conflict", "app", []fixture.Package{{Name: "app", Version: "1-1", Architecture: "noarch", Needs: []string{"lib"}, Conflicts: []string{"lib < 2"}}, pkg("lib", "1")}, nil,
			"!package app: conflicts with lib < 2: lib 1-1 is needed too"},
		{"a provider that obsoletes the other", "app", []fixture.Package{
			pkg("app", "1", "cap"), provider("a", "cap"), {Name: "b", Version: "1-1", Architecture: "noarch", Provides: []string{"cap"}, Obsoletes: []string{"a < 2"}},
		}, nil, "app 1-1, b 1-1"},
		{"a requested package is obsoleted", "app", []fixture.Package{pkg("app", "1"), {Name: "new", Version: "1-1", Architecture: "noarch", Obsoletes: []string{"app < 2"}}}, nil,
			"!package app: new 1-1 obsoletes it: request new instead"},
		{"if with a true condition", "app", []fixture.Package{pkg("app", "1", "(more if lib)", "lib"), pkg("lib", "1"), pkg("more", "1")}, nil, "app 1-1, lib 1-1, more 1-1"},
		{"if with a false condition", "app", []fixture.Package{pkg("app", "1", "(more if lib)"), pkg("lib", "1"), pkg("more", "1")}, nil, "app 1-1"},
		{"if else", "app", []fixture.Package{pkg("app", "1", "(more if lib else less)"), pkg("lib", "1"), pkg("more", "1"), pkg("less", "1")}, nil, "app 1-1, less 1-1"},
		{"and inside or", "app", []fixture.Package{pkg("app", "1", "((a and gone) or (b and c))"), pkg("a", "1"), pkg("b", "1"), pkg("c", "1")}, nil, "app 1-1, b 1-1, c 1-1"},
		{"with", "app", []fixture.Package{pkg("app", "1", "(cap >= 2 with cap < 3)"), provider("a", "cap = 1"), provider("b", "cap = 2"), provider("c", "cap = 3")}, nil, "app 1-1, b 1-1"},
		{"without", "app", []fixture.Package{pkg("app", "1", "(cap without bad)"), provider("a", "cap", "bad"), provider("b", "cap")}, nil, "app 1-1, b 1-1"},
		{"a boolean conflict", "app", []fixture.Package{
			{Name: "app", Version: "1-1", Architecture: "noarch", Needs: []string{"a", "b"}, Conflicts: []string{"(a and b)"}}, pkg("a", "1"), pkg("b", "1"),
		}, nil, "!package app: conflicts with (a and b)"},
		{"unless", "app", []fixture.Package{
			{Name: "app", Version: "1-1", Architecture: "noarch", Needs: []string{"a"}, Conflicts: []string{"(a unless b)"}}, pkg("a", "1"), pkg("b", "1"),
		}, nil, "a 1-1, app 1-1, b 1-1"},
		{"glibc's language packs", "glibc glibc-minimal-langpack", []fixture.Package{
			pkg("glibc", "2", "(glibc-langpack-aa or glibc-minimal-langpack)"), pkg("glibc-langpack-aa", "2"), pkg("glibc-minimal-langpack", "2"),
		}, nil, "glibc 2-1, glibc-minimal-langpack 2-1"},
		{"not in the index", "app", []fixture.Package{pkg("other", "1")}, nil, "!package app: not in the index"},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := newDnf(t, signer, public, append(test.packages, dnfOdd...))
			wanted := strings.Fields(test.wanted)
			ours, err := d.ours(dnfTable, "x86_64", wanted)
			sameAsKnown(t, test.want, ours, err, func() (string, string) { return d.theirs(wanted) })
		})
	}
}

// dnfOdd contains an entry that the lock program does not understand, of a package that no case wants. dnf5 cannot use it
// either.
var dnfOdd = []fixture.Package{{Name: "odd", Version: "1-1", Architecture: "noarch", Needs: []string{"(a or b and c)"}}}
