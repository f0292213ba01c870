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
	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/repository"
)

const aptTable = `struct(title = "Example", format = "deb", keys = [],
    variants = {"only": struct(packages = [%s], without = [])},
    releases = {"stable": struct(version = "1", architectures = {"amd64": "amd64"}, suites = ["stable-security"])},
)`

// apt is a real apt-get with folders and settings of its own, on the two archives of a checkout.
type apt struct {
	*checkout
	config string
}

func newApt(t *testing.T, main, security []string) *apt {
	t.Helper()
	needs.Machine(t, "apt-get")
	c := newCheckout(t, "debian", "stable", aptTable)
	signer, public := repository.NewSigner(t)
	c.keys("keys", public)
	suite := repository.Suite{Architectures: []string{"amd64"}}
	suite.Name = "stable"
	repository.WriteSuite(t, filepath.Join(c.repository, "debian"), suite, signer, main, nil)
	suite.Name = "stable-security"
	repository.WriteSuite(t, filepath.Join(c.repository, "debian-security"), suite, signer, security, nil)

	root := t.TempDir()
	key := filepath.Join(root, "key.asc")
	put(t, key, public)
	put(t, filepath.Join(root, "status"), nil)
	source := ""
	for archive, suite := range map[string]string{"debian": "stable", "debian-security": "stable-security"} {
		source += fmt.Sprintf("deb [signed-by=%s] %s/%s %s main\n", key, c.address, archive, suite)
	}
	put(t, filepath.Join(root, "sources.list"), []byte(source))
	for _, folder := range []string{"state/lists/partial", "cache/archives/partial", "etc"} {
		if err := os.MkdirAll(filepath.Join(root, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	// A file, since what is on the command line comes after the machine's own settings.
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

// theirs is what apt-get would install on nothing, "" with an error of its own.
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

// aptStanza is a package as an index has it.
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
