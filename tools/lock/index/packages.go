package index

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	debversion "github.com/knqyf263/go-deb-version"

	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/closure"
	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/lockfile"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/deb"
)

// ParsePackages parses Debian's index of one suite and architecture. pool is the address to which file names in it are
// relative. A package is marked as odd if its entry is not understood or is for another architecture. Only a paragraph without
// a package name is an error.
func ParsePackages(text []byte, architecture, suite, pool string) ([]*closure.Package, error) {
	var packages []*closure.Package
	for number, paragraph := range bytes.Split(bytes.TrimSpace(text), []byte("\n\n")) {
		if len(bytes.TrimSpace(paragraph)) == 0 {
			continue
		}
		fields, odd := deb.Paragraph(paragraph)
		if odd != nil {
			fields = map[string]string{"Package": fieldOf(paragraph, "Package"), "Version": fieldOf(paragraph, "Version")}
		}
		if fields["Package"] == "" {
			return nil, fmt.Errorf("suite %s: Packages: paragraph %d: no package's name", suite, number+1)
		}
		p := &closure.Package{
			Name:         fields["Package"],
			Version:      fields["Version"],
			Architecture: fields["Architecture"],
			Rank:         priorityRank(fields["Priority"]),
		}
		if odd == nil {
			odd = fillDebian(p, fields, architecture, suite, pool)
		}
		if odd != nil {
			p.Odd, p.File = odd.Error(), closure.File{}
		}
		packages = append(packages, p)
	}
	return packages, nil
}

// fieldOf returns the first value of a field in a paragraph that cannot be parsed as a whole.
func fieldOf(paragraph []byte, name string) string {
	for line := range strings.Lines(string(paragraph)) {
		if value, found := strings.CutPrefix(line, name+":"); found {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// fillDebian adds all fields except name, version and priority. An error affects only this package.
func fillDebian(p *closure.Package, fields map[string]string, architecture, suite, pool string) error {
	for _, field := range []string{"Provides", "Pre-Depends", "Depends", "Conflicts", "Breaks"} {
		relations, err := parseDebianRelations(fields[field])
		if err != nil {
			return fmt.Errorf("%s: %w", field, err)
		}
		for _, alternatives := range relations {
			switch field {
			case "Provides":
				p.Provides = append(p.Provides, alternatives...)
			case "Conflicts", "Breaks":
				p.Conflicts = append(p.Conflicts, alternatives...)
			default:
				p.Requires = append(p.Requires, alternatives)
			}
		}
	}
	if _, err := debversion.NewVersion(p.Version); err != nil {
		return fmt.Errorf("version %q: %w", p.Version, err)
	}
	size, err := strconv.ParseInt(fields["Size"], 10, 64)
	if err != nil || size <= 0 {
		return fmt.Errorf("size %q", fields["Size"])
	}
	if sum, err := hex.DecodeString(fields["SHA256"]); err != nil || len(sum) != 32 {
		return fmt.Errorf("sha256 %q", fields["SHA256"])
	}
	if err := checkWords(p, architecture, "all"); err != nil {
		return err
	}
	if err := lockfile.CheckPath(fields["Filename"]); err != nil {
		return err
	}
	file := (&url.URL{Path: "/" + fields["Filename"]}).EscapedPath()
	p.File = closure.File{Suite: suite, Size: size, SHA256: fields["SHA256"], URLs: []string{pool + file}}
	return nil
}

func priorityRank(priority string) int {
	for rank, name := range []string{"required", "important", "standard", "optional"} {
		if priority == name {
			return rank
		}
	}
	return 4
}

// parseDebianRelations parses a relationship field (Debian policy, chapter 7): "a (>= 1) | b:any, c".
func parseDebianRelations(field string) ([][]closure.Relation, error) {
	if strings.TrimSpace(field) == "" {
		return nil, nil
	}
	var all [][]closure.Relation
	for _, group := range strings.Split(field, ",") {
		var any []closure.Relation
		for _, text := range strings.Split(group, "|") {
			relation, err := parseDebianRelation(strings.TrimSpace(text))
			if err != nil {
				return nil, err
			}
			any = append(any, relation)
		}
		all = append(all, any)
	}
	return all, nil
}

func parseDebianRelation(text string) (closure.Relation, error) {
	name, bound, bounded := strings.Cut(text, "(")
	name, _, _ = strings.Cut(strings.TrimSpace(name), ":")
	if name == "" {
		return closure.Relation{}, fmt.Errorf("relation %q: no name", text)
	}
	if !bounded {
		return closure.Relation{Name: name}, nil
	}
	bound, closed := strings.CutSuffix(strings.TrimSpace(bound), ")")
	version := strings.TrimLeft(bound, "<=>")
	op, known := map[string]string{"<<": "<", "<": "<=", "<=": "<=", "=": "=", ">=": ">=", ">": ">=", ">>": ">"}[strings.TrimSuffix(bound, version)]
	if !closed || !known || strings.TrimSpace(version) == "" {
		return closure.Relation{}, fmt.Errorf("relation %q: version bound", text)
	}
	version = strings.TrimSpace(version)
	if _, err := debversion.NewVersion(version); err != nil {
		return closure.Relation{}, fmt.Errorf("relation %q: version: %w", text, err)
	}
	return closure.Relation{Name: name, Op: op, Version: version}, nil
}

// CompareDebian orders versions as dpkg does.
func CompareDebian(a, b string) (int, error) {
	first, err := debversion.NewVersion(a)
	if err != nil {
		return 0, fmt.Errorf("version %q: %w", a, err)
	}
	second, err := debversion.NewVersion(b)
	if err != nil {
		return 0, fmt.Errorf("version %q: %w", b, err)
	}
	return first.Compare(second), nil
}

// Deb are the rules of apt if packages of all archives have the same priority, which is apt_preferences(5)'s default.
var Deb = closure.Rules{Compare: CompareDebian, NewestOnly: true}
