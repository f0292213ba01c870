package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
)

const apkTable = `struct(title = "Example", format = "apk", keys = [],
    variants = {"only": struct(packages = [%s], without = [])},
    releases = {"3.24": struct(version = "3.24", architectures = {"amd64": "x86_64"}, suites = ["community"])},
)`

// apk is a real apk on the two repositories of a checkout.
type apk struct {
	*checkout
	root string
}

func newApk(t *testing.T, main, community []alpinePackage) *apk {
	t.Helper()
	needs.Machine(t, "apk")
	c, _ := newAlpineOf(t, main, community)
	a := &apk{c, t.TempDir()}
	put(t, filepath.Join(a.root, "repositories"), fmt.Appendf(nil, "%[1]s/v3.24/main\n%[1]s/v3.24/community\n", c.address))
	if out, err := a.run("add", "--initdb"); err != nil {
		t.Fatalf("apk add --initdb: %v\n%s", err, out)
	}
	return a
}

func (a *apk) run(arguments ...string) (string, error) {
	command := exec.Command("apk", append([]string{
		"--root", a.root, "--arch", "x86_64", "--no-cache", "--repositories-file", filepath.Join(a.root, "repositories"),
		"--keys-dir", filepath.Join(a.dir, "images/alpine/keys"),
	}, arguments...)...)
	command.Env = append(os.Environ(), "LC_ALL=C", "http_proxy=")
	out, err := command.CombinedOutput()
	return string(out), err
}

var apkInstalls = regexp.MustCompile(`(?m)^\(\d+/\d+\) Installing (\S+) \((\S+)\)`)

// theirs is what apk would install on nothing, "" with an error of its own.
func (a *apk) theirs(wanted []string) (string, string) {
	a.t.Helper()
	out, err := a.run(append([]string{"add", "--simulate"}, wanted...)...)
	if err != nil {
		return "", out
	}
	var packages []string
	for _, match := range apkInstalls.FindAllStringSubmatch(out, -1) {
		packages = append(packages, match[1]+" "+match[2])
	}
	return selection(packages), out
}

// apkOf is a package as Alpine's index has it.
func apkOf(p worldPackage) alpinePackage {
	joined := func(texts []string, prefix string) string {
		var words []string
		for _, text := range texts {
			words = append(words, prefix+strings.ReplaceAll(text, " ", ""))
		}
		return strings.Join(words, " ")
	}
	var needs []string
	for _, alternatives := range p.needs {
		needs = append(needs, alternatives[0])
	}
	made := alpinePackage{name: p.name, version: p.version, provides: joined(p.provides, "")}
	made.needs = strings.TrimSpace(joined(needs, "") + " " + joined(p.conflicts, "!"))
	if p.priority > 0 {
		made.more = fmt.Sprintf("k:%d\n", p.priority)
	}
	if len(p.installIf) > 0 {
		made.more += "i:" + joined(p.installIf, "") + "\n"
	}
	return made
}

func TestApkWorlds(t *testing.T) {
	all := worlds(1, 200, kind{installIf: true, twoArchives: true, operators: []string{"<", "<=", "=", ">=", ">", "~"}})
	var main, community []alpinePackage
	for _, w := range all {
		for _, p := range w.packages {
			if p.second {
				community = append(community, apkOf(p))
			} else {
				main = append(main, apkOf(p))
			}
		}
	}
	a := newApk(t, main, community)
	ours := func(wanted []string) (string, error) { return a.ours(apkTable, "x86_64", wanted) }
	compareWorlds(t, all, ours, a.theirs, func(selection string) bool {
		found, _ := a.theirs(strings.Split(strings.ReplaceAll(selection, " ", "="), ",="))
		return found == selection
	})
}
