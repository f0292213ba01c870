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
	"github.com/iptables-wrappers/iptables-wrappers/tools/fixture"
)

const aptTable = `{"title": "Example", "format": "deb", "keys": [],
    "variants": {"only": {"packages": [%s], "without": []}},
    "releases": {"stable": {"version": "1", "architectures": {"amd64": "amd64"}, "suites": ["stable-security"]}}
}`

// apt runs the real apt-get with separate directories and settings, on the two archives of a checkout.
type apt struct {
	*checkout
	config string
}

func newApt(t *testing.T, main, security []string) *apt {
	t.Helper()
	needs.Machine(t, "apt_solver_3")
	c := newCheckout(t, "debian", "stable", aptTable)
	signer, public := newSigner(t)
	c.keys("keys", public)
	suite := fixture.Suite{Architectures: []string{"amd64"}}
	suite.Name = "stable"
	must(t, fixture.WriteDebian(filepath.Join(c.repository, "debian"), suite, signer, main, nil))
	suite.Name = "stable-security"
	must(t, fixture.WriteDebian(filepath.Join(c.repository, "debian-security"), suite, signer, security, nil))

	root := t.TempDir()
	key := filepath.Join(root, "key.asc")
	put(t, key, public)
	put(t, filepath.Join(root, "status"), nil)
	source := ""
	for archive, suite := range map[string]string{"debian": "stable", "debian-security": "stable-security"} {
		source += fmt.Sprintf("deb [signed-by=%s] %s/%s %s main\n", key, c.address, archive, suite)
	}
	put(t, filepath.Join(root, "sources.list"), []byte(source))
	for _, dir := range []string{"state/lists/partial", "cache/archives/partial", "etc"} {
		must(t, os.MkdirAll(filepath.Join(root, dir), 0o755))
	}
	// A file, because the machine's own settings would override settings on the command line.
	a := &apt{checkout: c, config: filepath.Join(root, "apt.conf")}
	put(t, a.config, fmt.Appendf(nil, `
Dir::Etc "%[1]s/etc";
Dir::Etc::main "/none";
Dir::Etc::parts "/none";
Dir::Etc::sourcelist "%[1]s/sources.list";
Dir::Etc::sourceparts "/none";
Dir::State "%[1]s/state";
Dir::State::status "%[1]s/status";
Dir::Cache "%[1]s/cache";
Dir::Log "%[1]s";
Acquire::Languages "none";
Acquire::http::Proxy "DIRECT";
APT::Architecture "amd64";
APT::Architectures "amd64";
APT::Sandbox::User "root";
APT::Install-Recommends "false";
APT::Solver "3.0";
`, root))
	if out, err := a.run("update"); err != nil {
		t.Fatalf("apt-get update: %v\n%s", err, out)
	}
	return a
}

func (a *apt) run(arguments ...string) (string, error) {
	command := exec.Command("apt-get", arguments...)
	command.Env = append(os.Environ(), "LC_ALL=C", "APT_CONFIG="+a.config)
	out, err := command.CombinedOutput()
	return string(out), err
}

var aptInstalls = regexp.MustCompile(`(?m)^Inst (\S+) \((\S+) `)

// theirs returns what apt-get would install in an empty root. If apt-get fails, the selection is "".
func (a *apt) theirs(wanted []string) (string, string) {
	out, err := a.run(append([]string{"--simulate", "install"}, wanted...)...)
	if err != nil {
		return "", out
	}
	var packages []string
	for _, match := range aptInstalls.FindAllStringSubmatch(out, -1) {
		packages = append(packages, match[1]+" "+match[2])
	}
	return selection(packages), out
}

// aptStanza returns a package as an index contains it.
func aptStanza(p worldPackage) string {
	relation := func(text string) string {
		words := strings.Fields(text)
		if len(words) == 1 {
			return text
		}
		op := map[string]string{"<": "<<", ">": ">>"}[words[1]]
		if op == "" {
			op = words[1]
		}
		return fmt.Sprintf("%s (%s %s)", words[0], op, words[2])
	}
	list := func(field string, texts []string) string {
		if len(texts) == 0 {
			return ""
		}
		return "\n" + field + ": " + strings.Join(texts, ", ")
	}
	all := func(texts []string) []string {
		var spelled []string
		for _, text := range texts {
			spelled = append(spelled, relation(text))
		}
		return spelled
	}
	var groups []string
	for _, alternatives := range p.needs {
		groups = append(groups, strings.Join(all(alternatives), " | "))
	}
	priority := []string{"optional", "standard", "important", "required"}[p.priority]
	return "Package: " + p.name + "\nVersion: " + p.version + "\nArchitecture: ARCH\nPriority: " + priority +
		list("Depends", groups) + list("Provides", all(p.provides)) + list("Conflicts", all(p.conflicts))
}

func TestAptWorlds(t *testing.T) {
	all := worlds(1, 200, kind{alternatives: true, twoArchives: true, operators: []string{"<", "<=", "=", ">=", ">"}})
	var main, security []string
	for _, w := range all {
		for _, p := range w.packages {
			if p.second {
				security = append(security, aptStanza(p))
			} else {
				main = append(main, aptStanza(p))
			}
		}
	}
	a := newApt(t, main, security)
	ours := func(wanted []string) (string, error) { return a.ours(aptTable, "amd64", wanted) }
	compareWorlds(t, all, ours, a.theirs, nil)
}

// aptOdd contains entries that the lock program does not understand, of packages that no case wants. apt-get ignores them.
var aptOdd = []string{
	"Package: odd-version\nVersion: a.b\nArchitecture: ARCH\nProvides: odd",
	"Package: odd-sum\nVersion: 1\nArchitecture: ARCH\nMD5sum: 0\nSHA1: 0\nDepends: app",
}

func TestApt(t *testing.T) {
	stanza := func(name, version string, more ...string) string {
		return strings.Join(append([]string{"Package: " + name, "Version: " + version, "Architecture: ARCH", "Priority: optional"}, more...), "\n")
	}
	for _, test := range []solverCase[string]{
		{"the first alternative", "app", []string{stanza("app", "1", "Depends: b | a"), stanza("a", "1"), stanza("b", "1")}, nil, "app 1, b 1"},
		{"the alternative that another package needs", "app", []string{
			stanza("app", "1", "Depends: b | a, c"), stanza("a", "1"), stanza("b", "1"), stanza("c", "1", "Depends: a"),
		}, nil, "a 1, app 1, c 1"},
		{"the next alternative for a conflict", "app", []string{
			stanza("app", "1", "Depends: b | a, c"), stanza("a", "1"), stanza("b", "1"), stanza("c", "1", "Conflicts: b"),
		}, nil, "a 1, app 1, c 1"},
		{"the next alternative if no package provides the first", "app", []string{
			stanza("app", "1", "Depends: b | a"), stanza("a", "1"), stanza("b", "1", "Depends: gone"),
		}, nil, "a 1, app 1"},
		{"two choices of which only one pair fits", "app", []string{
			stanza("app", "1", "Depends: a1 | a2, b1 | b2"), stanza("a1", "1", "Conflicts: b1, b2"), stanza("a2", "1", "Breaks: b1"), stanza("b1", "1"), stanza("b2", "1"),
		}, nil, "a2 1, app 1, b2 1"},
		{"the package of that name before a provider", "app", []string{
			stanza("app", "1", "Depends: awk"), "Package: awk\nVersion: 1\nArchitecture: ARCH\nPriority: extra", "Package: mawk\nVersion: 1\nArchitecture: ARCH\nPriority: required\nProvides: awk",
		}, nil, "app 1, awk 1"},
		{"providers by priority", "app", []string{
			stanza("app", "1", "Depends: awk"), stanza("gawk", "1", "Provides: awk"), "Package: mawk\nVersion: 1\nArchitecture: ARCH\nPriority: required\nProvides: awk",
		}, nil, "app 1, mawk 1"},
		{"providers by name", "app", []string{
			stanza("app", "1", "Depends: mta"), stanza("postfix", "1", "Provides: mta"), stanza("exim-daemon-light", "1", "Provides: mta"),
		}, nil, "app 1, exim-daemon-light 1"},
		{"a versioned Provides satisfies a bound", "app", []string{
			stanza("app", "1", "Depends: cap (>= 2)"), stanza("a", "1", "Provides: cap"), stanza("b", "1", "Provides: cap (= 1)"), stanza("c", "1", "Provides: cap (= 2)"),
		}, nil, "app 1, c 1"},
		{"the security archive has the newer version", "app",
			[]string{stanza("app", "1", "Depends: lib"), stanza("lib", "2.0-1")}, []string{stanza("lib", "2.0-1+deb13u1")}, "app 1, lib 2.0-1+deb13u1"},
		{"the security archive has the older version", "app",
			[]string{stanza("app", "1", "Depends: lib"), stanza("lib", "2.0-2")}, []string{stanza("lib", "2.0-1+deb13u1")}, "app 1, lib 2.0-2"},
		{"the security archive's version needs more", "app",
			[]string{stanza("app", "1", "Depends: lib"), stanza("lib", "1"), stanza("more", "1")}, []string{stanza("lib", "2", "Pre-Depends: more (>= 1)")}, "app 1, lib 2, more 1"},
		{"an older version does not satisfy a bound", "app", []string{
			stanza("app", "1", "Depends: lib (<< 2)"), stanza("lib", "1"), stanza("lib", "2"),
		}, nil, "!package app: needs [lib < 2]: nothing in the index provides it"},
		{"a conflict", "app", []string{stanza("app", "1", "Depends: lib", "Conflicts: lib (<< 2)"), stanza("lib", "1")}, nil,
			"!package app: conflicts with lib < 2: lib 1 is needed too"},
		{"Breaks of a provided name", "app", []string{stanza("app", "1", "Depends: lib, x", "Breaks: old"), stanza("lib", "1"), stanza("x", "1", "Provides: old")}, nil,
			"!package app: conflicts with old: x 1 is needed too"},
		{"a virtual package that allows one provider", "app", []string{
			stanza("app", "1", "Depends: mta"), stanza("exim", "1", "Provides: mta", "Conflicts: mta"), stanza("postfix", "1", "Provides: mta", "Conflicts: mta"),
		}, nil, "app 1, exim 1"},
		{"two requested packages conflict", "app other", []string{stanza("app", "1", "Conflicts: other"), stanza("other", "1")}, nil,
			"!package app: conflicts with other: other 1 is needed too"},
		{"not in the index", "app", []string{stanza("x", "1"), stanza("y", "1")}, nil, "!package app: not in the index"},
		{"a cycle", "app", []string{stanza("app", "1", "Depends: a"), stanza("a", "1", "Depends: b"), stanza("b", "1", "Depends: app")}, nil, "a 1, app 1, b 1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := newApt(t, append(test.packages, aptOdd...), test.second)
			wanted := strings.Fields(test.wanted)
			ours, err := a.ours(aptTable, "amd64", wanted)
			sameAsKnown(t, test.want, ours, err, func() (string, string) { return a.theirs(wanted) })
		})
	}
}
