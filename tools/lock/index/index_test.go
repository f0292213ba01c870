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
		"Pre-Depends: dpkg\nConflicts: old (<< 1)\nBreaks: older\nDepends: libc6 (>= 2.38), a | b:any (<< 2)\nFilename: pool/main/i/iptables/iptables_1.8.11-2_amd64.deb\n" +
		"Size: 10\nSHA256: 0000000000000000000000000000000000000000000000000000000000000000\n"
	apkIndexText = "C:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=\nP:iptables\nV:1.8.13-r0\nA:x86_64\nS:100\nI:200\nT:Linux: netfilter\n" +
		"D:so:libc.musl-x86_64.so.1 libxtables~1.8 !old<1 musl>=1.2\np:cmd:iptables=1.8.13-r0 ip6tables\nk:10\ni:busybox=1.37.0-r12 !docs\n"
	primaryText = `<?xml version="1.0"?><metadata xmlns="http://linux.duke.edu/metadata/common" xmlns:rpm="http://linux.duke.edu/metadata/rpm">
<package type="rpm"><name>iptables-nft</name><arch>x86_64</arch><version epoch="1" ver="1.8.11" rel="9.fc43"/>
<checksum type="sha256" pkgid="YES">00ff000000000000000000000000000000000000000000000000000000000000</checksum><size package="7" installed="8" archive="9"/><location href="Packages/i/x.rpm"/>
<format><rpm:provides><rpm:entry name="iptables" flags="EQ" epoch="0" ver="1" rel="2"/></rpm:provides>
<rpm:requires><rpm:entry name="rpmlib(CompressedFileNames)" flags="LE" epoch="0" ver="3.0.4" rel="1"/>
<rpm:entry name="/usr/bin/sh" pre="1"/><rpm:entry name="alternatives" flags="GE" epoch="0" ver="1.32"/>
<rpm:entry name="(a or b)"/><rpm:entry name="(c if d)"/></rpm:requires>
<rpm:conflicts><rpm:entry name="alternatives" flags="LT" epoch="0" ver="1.32" rel="1"/></rpm:conflicts>
<rpm:obsoletes><rpm:entry name="old" flags="LT" epoch="0" ver="2" rel="1"/></rpm:obsoletes>
<file>/usr/bin/iptables-nft</file></format></package>
<package type="rpm"><name>iptables-nft</name><arch>i686</arch></package>
<package type="rpm"><name>other</name><arch>noarch</arch><version epoch="0" ver="1" rel="1"/>
<checksum type="sha256">00ff000000000000000000000000000000000000000000000000000000000000</checksum><size package="1"/><location href="o.rpm"/></package></metadata>`
	repomdText = `<repomd xmlns="http://linux.duke.edu/metadata/repo"><data type="primary"><checksum type="sha256">00ff000000000000000000000000000000000000000000000000000000000000</checksum>` +
		`<location href="repodata/primary.xml.zst"/></data></repomd>`
)

func TestParse(t *testing.T) {
	for name, test := range map[string]struct {
		parse func() ([]*closure.Package, error)
		want  string
	}{
		"Packages": {
			func() ([]*closure.Package, error) {
				return index.ParsePackages([]byte(packagesText), "amd64", "stable", "https://pool")
			},
			"iptables 1.8.11-2 for amd64; provides [firewall = 1]; requires [[dpkg] [libc6 >= 2.38] [a b < 2]]; rich []; if []; conflicts [old < 1 older]; obsoletes []; " +
				"10 bytes at [https://pool/pool/main/i/iptables/iptables_1.8.11-2_amd64.deb]",
		},
		"APKINDEX": {
			func() ([]*closure.Package, error) {
				return index.ParseAPKINDEX([]byte(apkIndexText), "x86_64", "https://pool")
			},
			"iptables 1.8.13-r0 for x86_64; provides [cmd:iptables = 1.8.13-r0 ip6tables]; " +
				"requires [[so:libc.musl-x86_64.so.1] [libxtables ~ 1.8] [musl >= 1.2]]; rich []; if [busybox = 1.37.0-r12 but not [docs]]; conflicts [old < 1]; obsoletes []; " +
				"100 bytes at [https://pool/iptables-1.8.13-r0.apk]",
		},
		"primary": {
			func() ([]*closure.Package, error) {
				return index.ParsePrimary([]byte(primaryText), "x86_64", []string{"https://a", "https://b"})
			},
			"iptables-nft 1:1.8.11-9.fc43 for x86_64; provides [iptables = 1-2 /usr/bin/iptables-nft]; " +
				"requires [[/usr/bin/sh] [alternatives >= 1.32]]; rich [(a or b) (c if d)]; if []; conflicts [alternatives < 1.32-1]; obsoletes [old < 2-1]; " +
				"7 bytes at [https://a/Packages/i/x.rpm https://b/Packages/i/x.rpm]",
		},
	} {
		t.Run(name, func(t *testing.T) {
			packages, err := test.parse()
			if err != nil {
				t.Fatal(err)
			}
			p := packages[0]
			if p.Odd != "" {
				t.Fatal(p.Odd)
			}
			if len(p.InstallUnless) > 0 {
				p.InstallIf = append(p.InstallIf, closure.Relation{Name: "but not " + fmt.Sprint(p.InstallUnless)})
			}
			got := fmt.Sprintf("%s %s for %s; provides %v; requires %v; rich %v; if %v; conflicts %v; obsoletes %v; %d bytes at %v", p.Name, p.Version,
				p.Architecture, p.Provides, p.Requires, p.Rich, p.InstallIf, p.Conflicts, p.Obsoletes, p.File.Size, p.File.URLs)
			if got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// An entry that is not understood excludes only its package, which records the reason. The other packages stay.
func TestOddEntry(t *testing.T) {
	deb := func(text string) ([]*closure.Package, error) {
		return index.ParsePackages([]byte(text), "amd64", "stable", "https://pool")
	}
	apk := func(text string) ([]*closure.Package, error) {
		return index.ParseAPKINDEX([]byte(text), "x86_64", "https://pool")
	}
	primary := func(text string) ([]*closure.Package, error) {
		return index.ParsePrimary([]byte(text), "x86_64", []string{"https://pool"})
	}
	const other = "Package: other\nVersion: 1\nArchitecture: all\nFilename: o\nSize: 1\n" +
		"SHA256: 0000000000000000000000000000000000000000000000000000000000000000\n"
	const otherApk = "C:Q1\nP:other\nV:1\nA:noarch\nS:1\n"
	for _, test := range []struct {
		parse    func(string) ([]*closure.Package, error)
		text     string
		old, new string
		want     string
	}{
		{deb, packagesText + "\n" + other, "1.8.11-2", "a.b", `version "a.b"`},
		{deb, packagesText + "\n" + other, "2.38", "x", `Depends: relation "libc6 (>= x)": version`},
		{deb, packagesText + "\n" + other, "a | b:any (<< 2)", "a || b", `Depends: relation "": no name`},
		{deb, packagesText + "\n" + other, "(<< 2)", "(<< 2", `Depends: relation "b:any (<< 2": version bound`},
		{deb, packagesText + "\n" + other, "Breaks: older", "Breaks: (", `Breaks: relation "("`},
		{deb, packagesText + "\n" + other, "Size: 10", "Size: ten", `size "ten"`},
		{deb, packagesText + "\n" + other, "SHA256: 00", "SHA256: 0x", `sha256 "0x`},
		{deb, packagesText + "\n" + other, "Architecture: amd64\n", "", `architecture ""`},
		{deb, packagesText + "\n" + other, "Priority: optional", "Priority", `line "Priority" is no field`},
		{deb, packagesText + "\n" + other, "Architecture: amd64", "Architecture: arm64", `architecture "arm64": want "amd64" or "all"`},
		{deb, packagesText + "\n" + other, "Package: iptables", "Package: ip\x1b[2J", `name "ip\x1b[2J"`},
		{deb, packagesText + "\n" + other, "Package: iptables", "Package: ../iptables", `name "../iptables"`},
		{deb, packagesText + "\n" + other, "Filename: pool", "Filename: ../pool", `".." is not a plain name`},
		{deb, packagesText + "\n" + other, "Filename: pool", "Filename: /pool", `"" is not a plain name`},
		{apk, apkIndexText + "\n" + otherApk, "A:x86_64", "A:aarch64", `architecture "aarch64": want "x86_64" or "noarch"`},
		{apk, apkIndexText + "\n" + otherApk, "P:iptables", "P:ip\rtables", `name "ip\rtables"`},
		{apk, apkIndexText + "\n" + otherApk, "V:1.8.13-r0", "V:1.8.13-r0\u202e", `version "1.8.13-r0\u202e"`},
		{primary, primaryText, `<name>iptables-nft<`, `<name>iptables&#10;nft<`, `name "iptables\nnft"`},
		{primary, primaryText, `ver="1.8.11"`, `ver="1.8&#9;11"`, `version "1:1.8\t11-9.fc43"`},
		{primary, primaryText, `href="Packages/i/x.rpm"`, `href="Packages/&#10;x.rpm"`, `is not a plain name`},
		{apk, apkIndexText + "\n" + otherApk, "P:iptables", "P:../iptables", `name "../iptables"`},
		{apk, apkIndexText + "\n" + otherApk, "V:1.8.13-r0", "V:newest", `version "newest"`},
		{apk, apkIndexText + "\n" + otherApk, "C:Q1", "C:Q2", `checksum "Q2`},
		{apk, apkIndexText + "\n" + otherApk, "S:100", "S:-1", `size "-1"`},
		{apk, apkIndexText + "\n" + otherApk, "k:10", "k:high", `provider priority "high"`},
		{apk, apkIndexText + "\n" + otherApk, "A:x86_64", "A:x86_64\nA:x86", "field A: twice"},
		{apk, apkIndexText + "\n" + otherApk, "libxtables~1.8", "libxtables><1.8", `needs: relation "libxtables><1.8"`},
		{apk, apkIndexText + "\n" + otherApk, "iptables=1.8.13-r0 ip6", "iptables=5.3.0_ ip6", `provides: relation "cmd:iptables=5.3.0_"`},
		{apk, apkIndexText + "\n" + otherApk, "i:busybox=1", "i:busybox=_", `install_if: relation "busybox=_`},
		{apk, apkIndexText + "\n" + otherApk, "A:x86_64", "architecture", `line "architecture": no field`},
		{primary, primaryText, `href="Packages/i/x.rpm"`, `href="../x.rpm"`, `path "../x.rpm": ".." is not a plain name`},
		{primary, primaryText, `href="Packages/i/x.rpm"`, `href="x.rpm" xml:base="https://other"`, "in another repository"},
		{primary, primaryText, `type="sha256"`, `type="md5"`, `checksum of type "md5"`},
		{primary, primaryText, `>00ff0000`, `>00fg0000`, `checksum "00fg`},
		{primary, primaryText, `package="7"`, `package="0"`, "incomplete"},
		{primary, primaryText, `package="7"`, `package="seven"`, "incomplete"},
		{primary, primaryText, `flags="GE"`, `flags="NE"`, `version bound "NE"`},
		{primary, primaryText, `(a or b)`, `(a or b and c)`, "(a or b and c): not a boolean dependency"},
	} {
		packages, err := test.parse(strings.Replace(test.text, test.old, test.new, 1))
		if err != nil {
			t.Errorf("%s: the index is lost: %v", test.new, err)
			continue
		}
		if len(packages) != 2 || packages[1].Name != "other" || packages[1].Odd != "" {
			t.Errorf("%s: the other package is not as it was: %v", test.new, packages)
			continue
		}
		if p := packages[0]; !strings.Contains(p.Odd, test.want) || p.File.URLs != nil {
			t.Errorf("%s: odd for %q, want %q; file %v", test.new, p.Odd, test.want, p.File)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	repomd := func(old, new string) func() error {
		return func() error {
			_, _, _, err := index.ParseRepomd([]byte(strings.Replace(repomdText, old, new, 1)))
			return err
		}
	}
	for _, test := range []struct {
		parse func() error
		want  string
	}{
		{func() error { _, err := index.ParsePackages([]byte("Version: 1\n"), "amd64", "stable", ""); return err }, "paragraph 1: no package's name"},
		{func() error { _, err := index.ParseAPKINDEX([]byte("V:1\n"), "x86_64", ""); return err }, "paragraph 1: no package's name"},
		{func() error {
			_, err := index.ParsePrimary([]byte(strings.Replace(primaryText, "</metadata>", "", 1)), "x86_64", nil)
			return err
		}, "XML syntax error"},
		{repomd(`type="primary"`, `type="other"`), "no primary"},
		{repomd(`type="sha256"`, `type="sha"`), `checksum of type "sha"`},
		{repomd(`href="repodata`, `href="/repodata`), "is not a plain name"},
		{repomd(`</repomd>`, ``), "XML syntax error"},
	} {
		if err := test.parse(); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("got %v, want an error with %q", err, test.want)
		}
	}
}

func TestRich(t *testing.T) {
	for text, want := range map[string]string{
		"(a or b >= 1 or c(x86-64))":     "(a or b >= 1 or c(x86-64))",
		"(a and b)":                      "(a and b)",
		"(a = 1 if b < 2)":               "(a = 1 if b < 2)",
		"(a if b else c)":                "(a if b else c)",
		"((a or b) if (c and (d or e)))": "((a or b) if (c and (d or e)))",
		"(a >= 1 with a < 2)":            "(a >= 1 with a < 2)",
		"(a without b)":                  "(a without b)",
		"(a if b if c)":                  `"if" after "if"`,
		"(a or b and c)":                 "more than one kind of operator",
		"(a)":                            "brackets without an operator",
		"(a or)":                         `operand ""`,
		"(or a)":                         `operand "or"`,
		"(a or b":                        "not an operator",
		"(a b or c)":                     `"b": not an operator`,
		"(a or b) c":                     `" c" after its end`,
		"(a or b >=)":                    "no version",
		strings.Repeat("(", 60):          "too many",
	} {
		packages, err := index.ParsePrimary([]byte(strings.Replace(primaryText, "(a or b)", strings.ReplaceAll(text, "<", "&lt;"), 1)), "x86_64", nil)
		if err != nil {
			t.Fatal(err)
		}
		p := packages[0]
		got := p.Odd
		if got == "" {
			got = p.Rich[0].String()
		}
		if !strings.Contains(got, want) {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func TestCompare(t *testing.T) {
	for _, test := range []struct {
		compare func(a, b string) (int, error)
		less    string // in ascending order
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
