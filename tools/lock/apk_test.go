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

// apk runs the real apk with the two repositories of a checkout.
type apk struct {
	*checkout
	root string
}

func newApk(t *testing.T, c *checkout) *apk {
	t.Helper()
	needs.Machine(t, "apk")
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
		"--keys-dir", filepath.Join(a.root, "images/alpine/keys"),
	}, arguments...)...)
	command.Env = append(os.Environ(), "LC_ALL=C", "http_proxy=")
	out, err := command.CombinedOutput()
	return string(out), err
}

var apkInstalls = regexp.MustCompile(`(?m)^\(\d+/\d+\) Installing (\S+) \((\S+)\)`)

// theirs returns what apk would install in an empty root. If apk fails, the selection is "".
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

// TestApkWorlds compares the lock program and the record with the real apk.
func TestApkWorlds(t *testing.T) {
	all := apkWorlds()
	a := newApk(t, newApkWorlds(t, all))
	ours := func(wanted []string) (string, error) { return a.ours(apkTable, "x86_64", wanted) }
	lines := compareWorlds(t, all, ours, a.theirs, func(selection string) bool {
		found, _ := a.theirs(strings.Split(strings.ReplaceAll(selection, " ", "="), ",="))
		return found == selection
	})
	if *record && !t.Failed() {
		put(t, apkRecord, []byte(strings.Join(lines, "\n")+"\n"))
	}
}

func TestApk(t *testing.T) {
	for _, test := range apkCases {
		t.Run(test.name, func(t *testing.T) {
			c, _ := newAlpineOf(t, append(test.packages, apkOdd...), test.second)
			a := newApk(t, c)
			wanted := strings.Fields(test.wanted)
			ours, err := a.ours(apkTable, "x86_64", wanted)
			sameAsKnown(t, test.want, ours, err, func() (string, string) { return a.theirs(wanted) })
		})
	}
}

// TestApkVersions compares the order of versions, and the record of it, with the real apk's.
func TestApkVersions(t *testing.T) {
	needs.Machine(t, "apk")
	got := apkVersionLines(t, func(a, b string) string {
		out, err := exec.Command("apk", "version", "--test", a, b).Output()
		must(t, err)
		return strings.TrimSpace(string(out))
	}, func(version string) bool {
		return exec.Command("apk", "version", "--check", version).Run() == nil
	})
	if *record {
		put(t, apkVersionRecord, []byte(got))
	}
	text, err := os.ReadFile(apkVersionRecord)
	must(t, err)
	if got != string(text) {
		t.Errorf("apk differs from %s:\n%s", apkVersionRecord, differentLines(got, string(text)))
	}
}
