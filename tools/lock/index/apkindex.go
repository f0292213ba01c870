package index

import (
	"fmt"
	"strconv"
	"strings"

	apkversion "github.com/knqyf263/go-apk-version"

	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/closure"
)

// ParseAPKINDEX parses Alpine's index: a paragraph per package, a field per line, each a letter, a colon and its value
// (apk-tools, doc/apk-package(5) and doc/apk-v2(5)). base is the address of the folder that holds the packages.
func ParseAPKINDEX(text []byte, base string) ([]*closure.Package, error) {
	var packages []*closure.Package
	for number, paragraph := range strings.Split(strings.TrimSpace(string(text)), "\n\n") {
		if paragraph == "" {
			continue
		}
		p, err := parseApkParagraph(paragraph, base)
		if err != nil {
			return nil, fmt.Errorf("index APKINDEX: paragraph %d: %w", number+1, err)
		}
		packages = append(packages, p)
	}
	return packages, nil
}

func parseApkParagraph(paragraph, base string) (*closure.Package, error) {
	fields := map[string]string{}
	for line := range strings.Lines(paragraph) {
		line = strings.TrimRight(line, "\r\n")
		letter, value, found := strings.Cut(line, ":")
		if !found || len(letter) != 1 {
			return nil, fmt.Errorf("line %q: no field", line)
		}
		if _, twice := fields[letter]; twice {
			return nil, fmt.Errorf("field %s: twice", letter)
		}
		fields[letter] = value
	}
	p := &closure.Package{Name: fields["P"], Version: fields["V"], Architecture: fields["A"]}
	for _, part := range []string{p.Name, p.Version, p.Architecture} {
		// They become a file's name and part of an address.
		if part == "" || strings.ContainsAny(part, "/?#% \t") {
			return nil, fmt.Errorf("package %q %q for %q: not a name, a version and an architecture", p.Name, p.Version, p.Architecture)
		}
	}
	if !apkversion.Valid(p.Version) {
		return nil, fmt.Errorf("package %s: version %q", p.Name, p.Version)
	}
	if !strings.HasPrefix(fields["C"], "Q1") {
		return nil, fmt.Errorf("package %s: checksum %q: not of the kind Q1, which is all that this program knows", p.Name, fields["C"])
	}
	size, err := strconv.ParseInt(fields["S"], 10, 64)
	if err != nil || size <= 0 {
		return nil, fmt.Errorf("package %s: size %q", p.Name, fields["S"])
	}
	if text := fields["k"]; text != "" {
		priority, err := strconv.ParseInt(text, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("package %s: provider priority %q", p.Name, text)
		}
		p.Rank = -int(priority)
	}
	for _, text := range strings.Fields(fields["p"]) {
		relation, err := parseApkRelation(text)
		if err != nil {
			return nil, fmt.Errorf("package %s: provides: %w", p.Name, err)
		}
		p.Provides = append(p.Provides, relation)
	}
	for _, text := range strings.Fields(fields["D"]) {
		name, conflict := strings.CutPrefix(text, "!")
		relation, err := parseApkRelation(name)
		if err != nil {
			return nil, fmt.Errorf("package %s: needs: %w", p.Name, err)
		}
		if conflict {
			p.Conflicts = append(p.Conflicts, relation)
		} else {
			p.Requires = append(p.Requires, []closure.Relation{relation})
		}
	}
	p.File = closure.File{
		Size: size, Identity: fields["C"], URLs: []string{base + "/" + p.Name + "-" + p.Version + ".apk"},
	}
	return p, nil
}

// parseApkRelation parses "name", "so:libc.musl-x86_64.so.1=1", "name>=1.2" or "name~1.2".
func parseApkRelation(text string) (closure.Relation, error) {
	at := strings.IndexAny(text, "<=>~")
	if at < 0 {
		if text == "" {
			return closure.Relation{}, fmt.Errorf("relation %q: no name", text)
		}
		return closure.Relation{Name: text}, nil
	}
	version := strings.TrimLeft(text[at:], "<=>~")
	op, known := map[string]string{
		"<": "<", "<=": "<=", "=": "=", ">=": ">=", ">": ">", "~": "~", "~=": "~", "=~": "~",
	}[strings.TrimSuffix(text[at:], version)]
	// A package tagged with a repository ("name@tag") is for /etc/apk/world only.
	if at == 0 || !known || !apkversion.Valid(version) {
		return closure.Relation{}, fmt.Errorf("relation %q: not a name and a version bound", text)
	}
	return closure.Relation{Name: text[:at], Op: op, Version: version}, nil
}

// CompareAlpine orders versions as apk does.
func CompareAlpine(a, b string) (int, error) {
	first, err := apkversion.NewVersion(a)
	if err != nil {
		return 0, fmt.Errorf("version %q: %w", a, err)
	}
	second, err := apkversion.NewVersion(b)
	if err != nil {
		return 0, fmt.Errorf("version %q: %w", b, err)
	}
	return first.Compare(second), nil
}
