package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

// Debian has no apk, so these tests compare with recorded selections of apk: the cases are in apkCases, the random worlds in a
// file. apk_test.go compares both with the real apk where it is installed, and can record them anew:
//
//	go test ./tools/lock -run TestApkWorlds -record
const apkRecord = "testdata/apk-3.0.6.txt"

var record = flag.Bool("record", false, "write what apk selects into "+apkRecord)

const apkTable = `{"title": "Example", "format": "apk", "keys": [],
    "variants": {"only": {"packages": [%s], "without": []}},
    "releases": {"3.24": {"version": "3.24", "architectures": {"amd64": "x86_64"}, "suites": ["community"]}}
}`

func apkWorlds() []world {
	return worlds(1, 200, kind{installIf: true, twoArchives: true, operators: []string{"<", "<=", "=", ">=", ">", "~"}})
}

// newApkWorlds returns a checkout whose repositories contain all worlds.
func newApkWorlds(t *testing.T, all []world) *checkout {
	t.Helper()
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
	c, _ := newAlpineOf(t, main, community)
	return c
}

// apkOf returns a package as Alpine's index contains it.
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

// apkOdd contains entries that the lock program does not understand, of packages that no case wants. The first is like one in
// Alpine 3.17's own index, which apk accepts.
var apkOdd = []alpinePackage{
	{"jemalloc-dev", "5.3.0-r0", "", "pc:jemalloc=5.3.0_", ""},
	{"odd-bound", "1-r0", "app><1", "", ""},
	{"odd-priority", "1-r0", "", "app", "k:high\n"},
}

// apkCases are cases with the selection of apk.
var apkCases = []solverCase[alpinePackage]{
	{"the provider of the higher version", "app", []alpinePackage{
		{"app", "1-r0", "so:libisl.so", "", ""}, {"isl24", "0.24-r0", "", "so:libisl.so=23.1", "k:9\n"}, {"isl25", "0.25-r0", "", "so:libisl.so=23.2", ""},
	}, nil, "app 1-r0, isl25 0.25-r0"},
	{"the higher priority of the same version", "app", []alpinePackage{
		{"app", "1-r0", "cmd:sh", "", ""}, {"ash", "1-r0", "", "cmd:sh=1", "k:60\n"}, {"bash", "1-r0", "", "cmd:sh=1", "k:100\n"},
	}, nil, "app 1-r0, bash 1-r0"},
	{"the higher priority without versions", "app", []alpinePackage{
		{"app", "1-r0", "/bin/sh", "", ""}, {"busybox-binsh", "1-r0", "", "/bin/sh", "k:100\n"}, {"dash-binsh", "1-r0", "", "/bin/sh", "k:60\n"},
	}, nil, "app 1-r0, busybox-binsh 1-r0"},
	{"a version before none", "app", []alpinePackage{
		{"app", "1-r0", "cap", "", ""}, {"a", "1-r0", "", "cap", "k:100\n"}, {"b", "1-r0", "", "cap=1", ""},
	}, nil, "app 1-r0, b 1-r0"},
	{"without version and priority none is chosen", "app", []alpinePackage{
		{"app", "1-r0", "cap", "", ""}, {"a", "1-r0", "", "cap", ""},
	}, nil, "!package app: needs [cap]: provided without a version or a priority, so apk selects none of them by itself: request one of [a 1-r0]"},
	{"without version and priority a requested provider is chosen", "app", []alpinePackage{
		{"app", "1-r0", "cap a", "", ""}, {"a", "1-r0", "", "cap", ""},
	}, nil, "a 1-r0, app 1-r0"},
	{"equal providers from two repositories", "app", []alpinePackage{{"app", "1-r0", "cap", "", ""}, {"b", "1-r0", "", "cap=1", ""}},
		[]alpinePackage{{"a", "1-r0", "", "cap=1", ""}}, "app 1-r0, b 1-r0"},
	{"the second repository has the newer version", "app", []alpinePackage{{"app", "1-r0", "lib", "", ""}, {"lib", "1-r0", "", "", ""}},
		[]alpinePackage{{"lib", "1-r1", "", "", ""}}, "app 1-r0, lib 1-r1"},
	{"a bound that only an older version satisfies", "app", []alpinePackage{
		{"app", "1-r0", "lib<2", "", ""}, {"lib", "1.9-r0", "", "", ""}, {"lib", "2-r0", "", "", ""},
	}, nil, "app 1-r0, lib 1.9-r0"},
	{"a bound on a version prefix", "app", []alpinePackage{
		{"app", "1-r0", "lib~1.3", "", ""}, {"lib", "1.3.7-r0", "", "", ""}, {"lib", "1.37-r0", "", "", ""},
	}, nil, "app 1-r0, lib 1.3.7-r0"},
	{"install_if", "alpine-baselayout", []alpinePackage{
		{"alpine-baselayout", "3-r0", "busybox libssl3", "", ""}, {"busybox", "1.37.0-r12", "", "", ""}, {"libssl3", "3.5-r0", "", "so:libssl.so.3=3", ""},
		{"ssl_client", "1.37.0-r12", "so:libssl.so.3", "", "i:busybox=1.37.0-r12 libssl3\n"},
	}, nil, "alpine-baselayout 3-r0, busybox 1.37.0-r12, libssl3 3.5-r0, ssl_client 1.37.0-r12"},
	{"install_if of another version", "app", []alpinePackage{
		{"app", "1-r0", "busybox", "", ""}, {"busybox", "1.37.0-r13", "", "", ""}, {"ssl_client", "1.37.0-r12", "", "", "i:busybox=1.37.0-r12\n"},
	}, nil, "app 1-r0, busybox 1.37.0-r13"},
	{"install_if of a capability and of another install_if package", "app", []alpinePackage{
		{"app", "1-r0", "", "cmd:app=1", ""}, {"app-doc", "1-r0", "man", "", "i:cmd:app=1\n"}, {"man", "1-r0", "", "", ""}, {"man-x", "1-r0", "", "", "i:man app-doc\n"},
	}, nil, "app 1-r0, app-doc 1-r0, man 1-r0, man-x 1-r0"},
	{"install_if of an excluded package", "app", []alpinePackage{
		{"app", "1-r0", "!app-doc", "", ""}, {"app-doc", "1-r0", "", "", "i:app\n"},
	}, nil, "app 1-r0"},
	{"install_if of a package whose dependency is missing", "app", []alpinePackage{
		{"app", "1-r0", "", "", ""}, {"app-doc", "1-r0", "gone", "", "i:app\n"},
	}, nil, "!package app-doc 1-r0, which is added if [app] is selected: package app-doc: needs [gone]"},
	{"a conflict", "app", []alpinePackage{
		{"app", "1-r0", "lib !lib<2", "", ""}, {"lib", "1-r0", "", "", ""},
	}, nil, "!package app: conflicts with lib < 2: lib 1-r0 is needed too"},
	{"only one provider of a versioned name", "app", []alpinePackage{
		{"app", "1-r0", "a b", "", ""}, {"a", "1-r0", "", "cmd:x=1", ""}, {"b", "1-r0", "", "cmd:x=1", ""},
	}, nil, "!conflicts with cmd:x"},
	{"several providers without a version", "app", []alpinePackage{
		{"app", "1-r0", "a b", "", ""}, {"a", "1-r0", "", "x", ""}, {"b", "1-r0", "", "x", ""},
	}, nil, "a 1-r0, app 1-r0, b 1-r0"},
}

// TestRecordedWorlds compares the lock program's selections with apk's. A line of the record is the number of a world and the
// selection. "pinned" precedes a selection that apk finds only if each version is named on its command line. "none" is an
// error.
func TestRecordedWorlds(t *testing.T) {
	text, err := os.ReadFile(apkRecord)
	must(t, err)
	all := apkWorlds()
	c := newApkWorlds(t, all)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(lines) != len(all) {
		t.Fatalf("%d lines for %d worlds", len(lines), len(all))
	}
	for i, w := range all {
		want, found := strings.CutPrefix(lines[i], fmt.Sprint(i, " "))
		want = strings.TrimPrefix(want, "pinned ")
		got, err := c.ours(apkTable, "x86_64", w.wanted)
		if err != nil {
			got = "none"
		}
		if got != want || !found {
			t.Errorf("world %d: selected %q (error %v), recorded %q\n%s", i, got, err, lines[i], w)
		}
	}
}

func TestRecordedCases(t *testing.T) {
	for _, test := range apkCases {
		t.Run(test.name, func(t *testing.T) {
			c, _ := newAlpineOf(t, append(test.packages, apkOdd...), test.second)
			ours, err := c.ours(apkTable, "x86_64", strings.Fields(test.wanted))
			sameAsKnown(t, test.want, ours, err, nil)
		})
	}
}
