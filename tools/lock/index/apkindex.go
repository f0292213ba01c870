package index

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/closure"
)

// ParseAPKINDEX parses Alpine's index. Each package has a paragraph, and each line a field: a letter, a colon and a value
// (apk-tools, doc/apk-package(5) and doc/apk-v2(5)). base is the address of the directory of the packages. A package is marked
// as odd if its entry is not understood or is for another architecture. Only a paragraph without a package name is an error.
func ParseAPKINDEX(text []byte, architecture, base string) ([]*closure.Package, error) {
	var packages []*closure.Package
	for number, paragraph := range strings.Split(strings.TrimSpace(string(text)), "\n\n") {
		if paragraph == "" {
			continue
		}
		fields, odd := apkFields(paragraph)
		p := &closure.Package{Name: fields["P"], Version: fields["V"], Architecture: fields["A"]}
		if p.Name == "" {
			return nil, fmt.Errorf("index APKINDEX: paragraph %d: no package's name", number+1)
		}
		if odd == nil {
			odd = fillApk(p, fields, architecture, base)
		}
		if odd != nil {
			p.Odd, p.File = odd.Error(), closure.File{}
		}
		packages = append(packages, p)
	}
	return packages, nil
}

// apkFields returns the fields of a paragraph by their letters. It returns all fields even with an error.
func apkFields(paragraph string) (map[string]string, error) {
	fields := map[string]string{}
	var odd error
	for line := range strings.Lines(paragraph) {
		line = strings.TrimRight(line, "\r\n")
		letter, value, found := strings.Cut(line, ":")
		if !found || len(letter) != 1 {
			odd = cmp.Or(odd, fmt.Errorf("line %q: no field", line))
			continue
		}
		if _, twice := fields[letter]; twice {
			odd = cmp.Or(odd, fmt.Errorf("field %s: twice", letter))
		}
		fields[letter] = value
	}
	return fields, odd
}

// fillApk adds all fields except the name. An error affects only this package.
func fillApk(p *closure.Package, fields map[string]string, architecture, base string) error {
	for _, text := range strings.Fields(fields["p"]) {
		relation, err := parseApkRelation(text)
		if err != nil {
			return fmt.Errorf("provides: %w", err)
		}
		p.Provides = append(p.Provides, relation)
	}
	if err := checkWords(p, architecture, "noarch"); err != nil {
		return err
	}
	if !ValidAlpine(p.Version) {
		return fmt.Errorf("version %q", p.Version)
	}
	if !strings.HasPrefix(fields["C"], "Q1") {
		return fmt.Errorf("checksum %q: not of the kind Q1, which is all that this program knows", fields["C"])
	}
	size, err := strconv.ParseInt(fields["S"], 10, 64)
	if err != nil || size <= 0 {
		return fmt.Errorf("size %q", fields["S"])
	}
	if text := fields["k"]; text != "" {
		priority, err := strconv.ParseInt(text, 10, 32)
		if err != nil {
			return fmt.Errorf("provider priority %q", text)
		}
		p.Rank = -int(priority)
	}
	if err := apkRelations(fields["D"], func(r closure.Relation) {
		p.Requires = append(p.Requires, []closure.Relation{r})
	}, &p.Conflicts); err != nil {
		return fmt.Errorf("needs: %w", err)
	}
	if err := apkRelations(fields["i"], func(r closure.Relation) {
		p.InstallIf = append(p.InstallIf, r)
	}, &p.InstallUnless); err != nil {
		return fmt.Errorf("install_if: %w", err)
	}
	p.File = closure.File{
		Size: size, Identity: fields["C"], URLs: []string{base + "/" + p.Name + "-" + p.Version + ".apk"},
	}
	return nil
}

// apkRelations parses a list of dependencies, separated by blanks, and calls add for each. A dependency after "!" must not
// be satisfied, and is appended to not.
func apkRelations(list string, add func(closure.Relation), not *[]closure.Relation) error {
	for _, text := range strings.Fields(list) {
		name, negated := strings.CutPrefix(text, "!")
		relation, err := parseApkRelation(name)
		if err != nil {
			return err
		}
		if negated {
			*not = append(*not, relation)
		} else {
			add(relation)
		}
	}
	return nil
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
	// A package with the tag of a repository ("name@tag") is valid in /etc/apk/world only.
	if at == 0 || !known || !ValidAlpine(version) {
		return closure.Relation{}, fmt.Errorf("relation %q: not a name and a version bound", text)
	}
	return closure.Relation{Name: text[:at], Op: op, Version: version}, nil
}

// Apk are the rules of apk. apk never reverses a choice, and fails if the choice cannot work. The solver then makes another
// choice. Its selection is the one that apk makes if each version is named on its command line.
var Apk = closure.Rules{Compare: CompareAlpine, Exclusive: true, HighestProvided: true}
