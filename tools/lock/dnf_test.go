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
	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/repository"
)

const dnfTable = `struct(title = "Example", format = "rpm", keys = [],
    variants = {"only": struct(packages = [%s], without = [])},
    releases = {"43": struct(version = "43", architectures = {"amd64": "x86_64"}, suites = [])},
)`

// dnf is a real dnf5 with folders and settings of its own, on the repository of a checkout.
type dnf struct {
	*checkout
	root string
}

func newDnf(t *testing.T, signer *openpgp.Entity, public []byte, packages []rpmPackage) *dnf {
	t.Helper()
	needs.Machine(t, "dnf5")
	c := newCheckout(t, "fedora", "43", dnfTable)
	c.keys("keys", public)
	putFedora(c, signer, packages)
	d := &dnf{c, t.TempDir()}
	put(t, filepath.Join(d.root, "key"), public)
	put(t, filepath.Join(d.root, "repos/example.repo"), fmt.Appendf(nil,
		"[example]\nname=example\nbaseurl=%s/%s\ngpgcheck=1\ngpgkey=file://%s/key\n", c.address, fedoraFolder, d.root))
	put(t, filepath.Join(d.root, "dnf.conf"), []byte("[main]\n"))
	return d
}

// transaction is what dnf5 stores instead of installing.
type transaction struct {
	RPMs []struct {
		NEVRA  string `json:"nevra"`
		Action string `json:"action"`
	} `json:"rpms"`
}

var nevra = regexp.MustCompile(`^(.+)-([^-]+-[^-]+)\.[^.]+$`)

// theirs is what dnf5 would install on nothing, "" with an error of its own.
func (d *dnf) theirs(wanted []string) (string, string) {
	d.t.Helper()
	stored := filepath.Join(d.root, "stored")
	if err := os.RemoveAll(stored); err != nil {
		d.t.Fatal(err)
	}
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
	// What takes the place of a package that was asked for is not what a lock may silently have.
	for _, name := range wanted {
		if !slices.ContainsFunc(packages, func(text string) bool { return strings.HasPrefix(text, name+" ") }) {
			return "", string(out)
		}
	}
	return selection(packages), string(out)
}

// rpmOf is a package as rpm has it.
func rpmOf(p worldPackage) rpmPackage {
	made := rpmPackage{name: p.name, version: p.version + "-1", arch: "noarch", provides: p.provides, conflicts: p.conflicts, obsoletes: p.obsoletes}
	for _, alternatives := range p.needs {
		need := strings.Join(alternatives, " or ")
		if len(alternatives) > 1 {
			need = "(" + need + ")"
		}
		made.requires = append(made.requires, need)
	}
	return made
}

func TestDnfWorlds(t *testing.T) {
	plain := kind{alternatives: true, obsoletes: true, operators: []string{"<", "<=", "=", ">=", ">"}}
	rich := plain
	rich.rich = true
	compareDnf(t, worlds(5, 75, plain))
	compareDnf(t, worlds(1, 75, rich))
}

func compareDnf(t *testing.T, all []world) {
	t.Helper()
	var packages []rpmPackage
	for _, w := range all {
		for _, p := range w.packages {
			packages = append(packages, rpmOf(p))
		}
	}
	signer, public := repository.NewSigner(t)
	d := newDnf(t, signer, public, packages)
	ours := func(wanted []string) (string, error) { return d.ours(dnfTable, "x86_64", wanted) }
	compareWorlds(t, all, ours, d.theirs, nil)
}
