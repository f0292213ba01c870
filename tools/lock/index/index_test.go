package index_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/closure"
	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/index"
)

const (
	packagesText = "Package: iptables\nVersion: 1.8.11-2\nArchitecture: amd64\nPriority: optional\nProvides: firewall (= 1)\n" +
		"Pre-Depends: dpkg\nDepends: libc6 (>= 2.38), a | b:any (<< 2)\nFilename: pool/main/i/iptables/iptables_1.8.11-2_amd64.deb\n" +
		"Size: 10\nSHA256: 00\n"
	apkIndexText = "C:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=\nP:iptables\nV:1.8.13-r0\nA:x86_64\nS:100\nI:200\nT:Linux: netfilter\n" +
		"D:so:libc.musl-x86_64.so.1 libxtables~1.8 !old<1 musl>=1.2\np:cmd:iptables=1.8.13-r0 ip6tables\nk:10\n"
	primaryText = `<?xml version="1.0"?><metadata xmlns="http://linux.duke.edu/metadata/common" xmlns:rpm="http://linux.duke.edu/metadata/rpm">
<package type="rpm"><name>iptables-nft</name><arch>x86_64</arch><version epoch="1" ver="1.8.11" rel="9.fc43"/>
<checksum type="sha256" pkgid="YES">00ff</checksum><size package="7" installed="8" archive="9"/><location href="Packages/i/x.rpm"/>
<format><rpm:provides><rpm:entry name="iptables" flags="EQ" epoch="0" ver="1" rel="2"/></rpm:provides>
<rpm:requires><rpm:entry name="rpmlib(CompressedFileNames)" flags="LE" epoch="0" ver="3.0.4" rel="1"/>
<rpm:entry name="/usr/bin/sh" pre="1"/><rpm:entry name="alternatives" flags="GE" epoch="0" ver="1.32"/>
<rpm:entry name="(a or b)"/><rpm:entry name="(c if d)"/></rpm:requires>
<rpm:conflicts><rpm:entry name="alternatives" flags="LT" epoch="0" ver="1.32" rel="1"/></rpm:conflicts>
<file>/usr/bin/iptables-nft</file></format></package>
<package type="rpm"><name>iptables-nft</name><arch>i686</arch></package></metadata>`
	repomdText = `<repomd xmlns="http://linux.duke.edu/metadata/repo"><data type="primary"><checksum type="sha256">00ff</checksum>` +
		`<location href="repodata/primary.xml.zst"/></data></repomd>`
)

func TestParse(t *testing.T) {
	for name, test := range map[string]struct {
		parse func() ([]*closure.Package, error)
		want  string
	}{
		"Packages": {
			func() ([]*closure.Package, error) {
				return index.ParsePackages([]byte(packagesText), "stable", "https://pool")
			},
			"iptables 1.8.11-2 for amd64; provides [firewall = 1]; requires [[dpkg] [libc6 >= 2.38] [a b < 2]]; if []; conflicts []; " +
				"10 bytes at [https://pool/pool/main/i/iptables/iptables_1.8.11-2_amd64.deb]",
		},
		"APKINDEX": {
			func() ([]*closure.Package, error) { return index.ParseAPKINDEX([]byte(apkIndexText), "https://pool") },
			"iptables 1.8.13-r0 for x86_64; provides [cmd:iptables = 1.8.13-r0 ip6tables]; " +
				"requires [[so:libc.musl-x86_64.so.1] [libxtables ~ 1.8] [musl >= 1.2]]; if []; conflicts [old < 1]; " +
				"100 bytes at [https://pool/iptables-1.8.13-r0.apk]",
		},
		"primary": {
			func() ([]*closure.Package, error) {
				return index.ParsePrimary([]byte(primaryText), "x86_64", []string{"https://a", "https://b"})
			},
			"iptables-nft 1:1.8.11-9.fc43 for x86_64; provides [iptables = 1-2 /usr/bin/iptables-nft]; " +
				"requires [[/usr/bin/sh] [alternatives >= 1.32] [a b]]; if [{d [c]}]; conflicts [alternatives < 1.32-1]; " +
				"7 bytes at [https://a/Packages/i/x.rpm https://b/Packages/i/x.rpm]",
		},
	} {
		t.Run(name, func(t *testing.T) {
			packages, err := test.parse()
			if err != nil {
				t.Fatal(err)
			}
			if len(packages) != 1 {
				t.Fatalf("%d packages", len(packages))
			}
			p := packages[0]
			got := fmt.Sprintf("%s %s for %s; provides %v; requires %v; if %v; conflicts %v; %d bytes at %v", p.Name, p.Version,
				p.Architecture, p.Provides, p.Requires, p.Conditional, p.Conflicts, p.File.Size, p.File.URLs)
			if got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	apk := func(old, new string) func() error {
		return func() error {
			_, err := index.ParseAPKINDEX([]byte(strings.Replace(apkIndexText, old, new, 1)), "https://pool")
			return err
		}
	}
	primary := func(old, new string) func() error {
		return func() error {
			_, err := index.ParsePrimary([]byte(strings.Replace(primaryText, old, new, 1)), "x86_64", []string{"https://pool"})
			return err
		}
	}
	repomd := func(old, new string) func() error {
		return func() error {
			_, _, err := index.ParseRepomd([]byte(strings.Replace(repomdText, old, new, 1)))
			return err
		}
	}
	for _, test := range []struct {
		parse func() error
		want  string
	}{
		{apk("P:iptables", "P:../iptables"), `package "../iptables"`},
		{apk("P:iptables\n", ""), `package ""`},
		{apk("V:1.8.13-r0", "V:newest"), `version "newest"`},
		{apk("C:Q1", "C:Q2"), `checksum "Q2`},
		{apk("S:100", "S:-1"), `size "-1"`},
		{apk("k:10", "k:high"), `provider priority "high"`},
		{apk("A:x86_64", "A:x86_64\nA:x86"), "field A: twice"},
		{apk("libxtables~1.8", "libxtables><1.8"), `relation "libxtables><1.8"`},
		{apk("A:x86_64", "architecture"), `line "architecture": no field`},
		{primary(`href="Packages/i/x.rpm"`, `href="../x.rpm"`), `location "../x.rpm"`},
		{primary(`href="Packages/i/x.rpm"`, `href="x.rpm" xml:base="https://other"`), "in another repository"},
		{primary(`type="sha256"`, `type="md5"`), `checksum of type "md5"`},
		{primary(`package="7"`, `package="0"`), "incomplete"},
		{primary(`flags="GE"`, `flags="NE"`), `version bound "NE"`},
		{primary(`</metadata>`, ``), "XML syntax error"},
		{repomd(`type="primary"`, `type="other"`), "no primary"},
		{repomd(`type="sha256"`, `type="sha"`), `checksum of type "sha"`},
		{repomd(`href="repodata`, `href="/repodata`), "not a plain relative path"},
		{repomd(`</repomd>`, ``), "XML syntax error"},
	} {
		if err := test.parse(); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("got %v, want an error with %q", err, test.want)
		}
	}
}

// What cannot be expressed is an error only for who selects the package.
func TestRich(t *testing.T) {
	for text, want := range map[string]string{
		"(a or b >= 1 or c(x86-64))": "[[a b >= 1 c(x86-64)]] []",
		"(a and b)":                  "[[a] [b]] []",
		"(a = 1 if b < 2)":           "[] [{b < 2 [a = 1]}]",
		"(a if b else c)":            "more than one kind",
		"(a if b if c)":              "not a boolean dependency",
		"(a or b and c)":             "more than one kind",
		"((a or b) if c)":            "operand",
		"(a with b)":                 "not a boolean dependency",
		"(a)":                        "not a boolean dependency",
		"(a or)":                     "more than one kind",
		"(or a)":                     "operand",
		"(a or b":                    "not a boolean dependency",
		"(a b or c)":                 "operand",
	} {
		packages, err := index.ParsePrimary([]byte(strings.Replace(primaryText, "(a or b)", strings.ReplaceAll(text, "<", "&lt;"), 1)), "x86_64", nil)
		if err != nil {
			t.Fatal(err)
		}
		p := packages[0]
		got := p.Unsupported
		if got == "" {
			got = fmt.Sprint(p.Requires[2:], " ", p.Conditional[:len(p.Conditional)-1])
		}
		if !strings.Contains(got, want) {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func TestCompare(t *testing.T) {
	for _, test := range []struct {
		compare func(a, b string) (int, error)
		less    string // in rising order
	}{
		{index.CompareDebian, "1.0~rc1-1 1.0-1 1.0-1+b1 1.0-2 1:0.1-1"},
		{index.CompareAlpine, "1.8_rc1 1.8 1.8-r1 1.8-r2 1.8.9-r0 1.8.13-r0 2024.1"},
		{index.CompareRPM, "0:1.0~rc1-1.fc43 1.0-1.fc43 1.0-2.fc43 1.0.1-1 1.8.9-1 1.8.13-1 1:0.1-1"},
	} {
		versions := strings.Fields(test.less)
		for i := range versions {
			for j := range versions {
				got, err := test.compare(versions[i], versions[j])
				if err != nil {
					t.Fatal(err)
				}
				if got > 0 != (i > j) || got < 0 != (i < j) {
					t.Errorf("%s and %s: %d", versions[i], versions[j], got)
				}
			}
		}
	}
	for _, pair := range [][2]string{{"1.0", "1.0-5"}, {"0:1.0-5", "1.0-5"}} {
		if got, err := index.CompareRPM(pair[0], pair[1]); got != 0 || err != nil {
			t.Errorf("%v: %d, %v", pair, got, err)
		}
	}
}
