package origin

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
)

const dep5 = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: example\nLicense: Zlib\n\n"

// debian returns a package with files of path and content. A content that begins with "-> " is a symlink.
func debian(name, source string, files ...string) File {
	pkg := &archive.Package{Name: name, Source: source}
	for i := 0; i < len(files); i += 2 {
		file := archive.File{Name: files[i], Type: archive.Regular, Data: []byte(files[i+1])}
		if target, link := strings.CutPrefix(files[i+1], "-> "); link {
			file = archive.File{Name: files[i], Type: archive.Symlink, Link: target}
		}
		pkg.Files = append(pkg.Files, file)
	}
	return File{Package: pkg, Extension: ".deb", SHA256: "sum of " + name}
}

func other(extension, source, license string) File {
	return File{Package: &archive.Package{Name: "example", Source: source, License: license}, Extension: extension, SHA256: "sum"}
}

// The files and symlinks of a package can lead to those of another one, as in libgcc-s1 of Debian.
func TestOf(t *testing.T) {
	files := []File{
		debian("gcc-14-base", "gcc-14 (14.2.0-19)", "usr/share/doc/gcc-14-base/copyright", "not machine-readable\n"),
		debian("libgcc-s1", "gcc-14 (14.2.0-19)", "usr/share/doc/libgcc-s1", "-> gcc-14-base"),
		debian("iptables", "", "usr/share/doc/iptables/copyright", dep5+"Files: *\nLicense: GPL-2\n text\n\nFiles: debian/*\nLicense: GPL-2+\n\nLicense: GPL-2+\n text\n"),
		debian("libxtables12", "iptables", "usr/share/doc/libxtables12/copyright", "-> ../iptables/copyright"),
		debian("empty", "empty"),
		other(".apk", "iptables", "GPL-2.0-or-later"),
		other(".rpm", "iptables-1.8.11-4.fc42.src.rpm", "GPL-2.0-only AND LicenseRef-Fedora-Public-Domain"),
		other(".rpm", "", "GPLv2+ and BSD"),
	}
	got, err := Of(files)
	if err != nil {
		t.Fatal(err)
	}
	want := []Origin{
		{"sum of gcc-14-base", "gcc-14@14.2.0-19", []string{NoAssertion}},
		{"sum of libgcc-s1", "gcc-14@14.2.0-19", []string{NoAssertion}},
		{"sum of iptables", "", []string{"GPL-2", "GPL-2+"}},
		{"sum of libxtables12", "iptables", []string{"GPL-2", "GPL-2+"}},
		{"sum of empty", "empty", []string{NoAssertion}},
		{"sum", "iptables", []string{"GPL-2.0-or-later"}},
		{"sum", "iptables-1.8.11-4.fc42.src.rpm", []string{"GPL-2.0-only AND LicenseRef-Fedora-Public-Domain"}},
		{"sum", "", []string{"GPLv2+ and BSD"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestCopyrightFormats(t *testing.T) {
	const files = "Files: *\nCopyright: someone\nLicense: Expat\n"
	for name, row := range map[string]struct {
		text string
		want string
	}{
		"old address":         {"Format: http://www.debian.org/doc/packaging-manuals/copyright-format/1.0\n\n" + files, "Expat"},
		"comment, white line": {"# comment\n" + strings.ReplaceAll(dep5, "\n\n", "\n \t\n") + files, "Expat"},
		"choice":              {dep5 + "Files: *\nLicense: GPL-2+ with OpenSSL exception, or Artistic\n", "GPL-2+ with OpenSSL exception, or Artistic"},
		"text only":           {dep5 + "Files: *\nLicense:\n do what you like\n", NoAssertion},
		"no license":          {dep5 + "Files: *\nCopyright: someone\n", NoAssertion},
		"no files":            {dep5 + "License: Expat\n text\n", NoAssertion},
		"plain text":          {"This package is free.\n\n" + files, NoAssertion},
		"another format":      {"Format: https://example.org/copyright-format/1.0/\n\n" + files, NoAssertion},
		"format later":        {files + "\n" + dep5, NoAssertion},
		"line without a name": {dep5 + "Files: *\nLicense Expat\n", NoAssertion},
		"not UTF-8":           {dep5 + files + " \xff\n", NoAssertion},
		"too long":            {dep5 + files + strings.Repeat(" text\n", 1<<18), NoAssertion},
		"empty":               {"", NoAssertion},
	} {
		if got := strings.Join(check(copyrightLicenses([]byte(row.text))), "; "); got != row.want {
			t.Errorf("%s: %q, want %q", name, got, row.want)
		}
	}
}

// A hostile package must not write markup, escape sequences or line ends into a report, or make it endless.
func TestHostileLicenses(t *testing.T) {
	for _, hostile := range []string{
		"", "GPL\x1b[2J", "GPL\nCopyright: evil", "<script>alert(1)</script>", `GPL" onclick="evil()`, "GPL\u202e", "$(evil)", "{{evil}}", "=cmd()",
		strings.Repeat("a", maxLicense+1),
	} {
		got, err := Of([]File{other(".apk", "", hostile), other(".rpm", "", hostile)})
		if err != nil {
			t.Fatal(err)
		}
		for _, of := range got {
			if len(of.Licenses) != 1 || of.Licenses[0] != NoAssertion {
				t.Errorf("license %q became %q", hostile, of.Licenses)
			}
		}
	}
	var many strings.Builder
	many.WriteString(dep5)
	for i := range maxLicenses + 1 {
		fmt.Fprintf(&many, "Files: %d\nLicense: own-%d\n\n", i, i)
	}
	got, err := Of([]File{debian("many", "", "usr/share/doc/many/copyright", many.String())})
	if err != nil || len(got[0].Licenses) != 1 || got[0].Licenses[0] != NoAssertion {
		t.Errorf("%d licenses: %q, error %v", maxLicenses+1, got, err)
	}
}

func TestSourceRefuses(t *testing.T) {
	for extension, hostile := range map[string][]string{
		".deb": {"gcc (1) x", "gcc\n(1)", "../gcc", "gcc?distro=x", "gcc (1&2)", strings.Repeat("g", 129)},
		".apk": {"busybox\n", "a/b", "a b", "a&b"},
		".rpm": {"iptables", "a b.src.rpm", "../a.src.rpm", "a&upstream=b.src.rpm", "a.src.rpm\n"},
	} {
		for _, source := range hostile {
			if _, err := Of([]File{other(extension, source, "MIT")}); err == nil || !strings.Contains(err.Error(), "source package ") || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s with source %q: error %v", extension, source, err)
			}
		}
	}
}

// Symlinks in a circle, or out of the documents, have no content. They must not end the build or read another file.
func TestHostileDocuments(t *testing.T) {
	for name, files := range map[string][]string{
		"circle":  {"usr/share/doc/example/copyright", "-> copyright"},
		"outside": {"usr/share/doc/example/copyright", "-> ../../../../etc/passwd", "etc/passwd", dep5 + "Files: *\nLicense: Expat\n"},
		"missing": {"usr/share/doc/example", "-> nowhere"},
	} {
		if got, err := Of([]File{debian("example", "", files...)}); err != nil || got[0].Licenses[0] != NoAssertion {
			t.Errorf("%s: %+v, error %v", name, got, err)
		}
	}
}

func TestParse(t *testing.T) {
	origins := []Origin{{"1", "iptables", []string{"GPL-2 & more"}}, {"2", "", []string{NoAssertion}}}
	var text bytes.Buffer
	if err := Write(&text, origins); err != nil {
		t.Fatal(err)
	}
	got, err := Parse(text.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]Origin{"1": origins[0], "2": origins[1]}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := Parse([]byte(`[{"sha256": "1", "unknown": 1}]`)); err == nil {
		t.Error("an unknown field is accepted")
	}
}

func FuzzCopyright(f *testing.F) {
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, name := range check(copyrightLicenses(text)) {
			if len(name) > maxLicense || !license.MatchString(name) {
				t.Errorf("license %q", name)
			}
		}
	})
}
