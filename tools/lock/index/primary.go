package index

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"

	"github.com/sassoftware/go-rpmutils"

	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/closure"
)

// rpmPackage is a package in primary.xml, as createrepo_c writes it.
type rpmPackage struct {
	Type     string     `xml:"type,attr"`
	Name     string     `xml:"name"`
	Arch     string     `xml:"arch"`
	Version  rpmVersion `xml:"version"`
	Checksum checksum   `xml:"checksum"`
	Size     struct {
		Package string `xml:"package,attr"`
	} `xml:"size"`
	Location location `xml:"location"`
	Format   struct {
		Provides  []rpmEntry `xml:"provides>entry"`
		Requires  []rpmEntry `xml:"requires>entry"`
		Conflicts []rpmEntry `xml:"conflicts>entry"`
		Obsoletes []rpmEntry `xml:"obsoletes>entry"`
		Files     []string   `xml:"file"` // only those in directories named bin or sbin, and in /etc
	} `xml:"format"`
}

type rpmVersion struct {
	Epoch string `xml:"epoch,attr"`
	Ver   string `xml:"ver,attr"`
	Rel   string `xml:"rel,attr"`
}

func (v rpmVersion) String() string {
	text := v.Ver
	if v.Rel != "" {
		text += "-" + v.Rel
	}
	if v.Epoch != "" && v.Epoch != "0" {
		text = v.Epoch + ":" + text
	}
	return text
}

type rpmEntry struct {
	Name  string `xml:"name,attr"`
	Flags string `xml:"flags,attr"`
	rpmVersion
}

// ParsePrimary parses primary.xml and returns the packages for an architecture and for all architectures. Each package has one
// address for each of bases. A package whose entry is not understood is marked as odd. Malformed XML and a package without a
// name are errors.
func ParsePrimary(text []byte, architecture string, bases []string) ([]*closure.Package, error) {
	var packages []*closure.Package
	decoder := xml.NewDecoder(bytes.NewReader(text))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return packages, nil
		}
		if err != nil {
			return nil, fmt.Errorf("index primary: %w", err)
		}
		start, isStart := token.(xml.StartElement)
		if !isStart || start.Name.Local != "package" {
			continue
		}
		var listed rpmPackage
		if err := decoder.DecodeElement(&listed, &start); err != nil {
			return nil, fmt.Errorf("index primary: %w", err)
		}
		if listed.Type != "rpm" || listed.Arch != architecture && listed.Arch != "noarch" {
			continue
		}
		// Without a name the entry cannot be marked as odd, because the solver finds entries by their names.
		if listed.Name == "" {
			return nil, errors.New("index primary: package without a name")
		}
		p := &closure.Package{Name: listed.Name, Version: listed.Version.String(), Architecture: listed.Arch}
		if err := listed.fill(p, bases); err != nil {
			p.Odd, p.File = err.Error(), closure.File{}
		}
		packages = append(packages, p)
	}
}

// fill adds all fields of the entry except its name. An error affects only this package.
func (r *rpmPackage) fill(p *closure.Package, bases []string) error {
	// Relations first: if a later field is not understood, the package still has the names that it would provide.
	for _, entry := range r.Format.Provides {
		relation, err := entry.relation()
		if err != nil {
			return err
		}
		p.Provides = append(p.Provides, relation)
	}
	for _, name := range r.Format.Files {
		p.Provides = append(p.Provides, closure.Relation{Name: name})
	}
	size, err := strconv.ParseInt(r.Size.Package, 10, 64)
	if r.Version.Ver == "" || r.Version.Rel == "" || err != nil || size <= 0 {
		return fmt.Errorf("version %q, %q bytes: incomplete", r.Version, r.Size.Package)
	}
	if err := checkWords(p, p.Architecture, "noarch"); err != nil { // ParsePrimary has compared the architecture
		return err
	}
	place, err := r.Location.path()
	if err != nil {
		return err
	}
	sum, err := r.Checksum.sha256()
	if err != nil {
		return err
	}
	p.File = closure.File{Size: size, SHA256: sum}
	for _, base := range bases {
		p.File.URLs = append(p.File.URLs, base+(&url.URL{Path: "/" + place}).EscapedPath()) // versions may contain "^"
	}
	for _, entry := range r.Format.Obsoletes {
		relation, err := entry.relation()
		if err != nil {
			return err
		}
		p.Obsoletes = append(p.Obsoletes, relation)
	}
	for _, entry := range r.Format.Conflicts {
		if err := entry.add(&p.Against, func(r closure.Relation) { p.Conflicts = append(p.Conflicts, r) }); err != nil {
			return err
		}
	}
	for _, entry := range r.Format.Requires {
		if strings.HasPrefix(entry.Name, "rpmlib(") { // provided by rpm itself, not by a package
			continue
		}
		if err := entry.add(&p.Rich, func(r closure.Relation) { p.Requires = append(p.Requires, []closure.Relation{r}) }); err != nil {
			return err
		}
	}
	return nil
}

// add adds a boolean dependency to rich, and hands on any other.
func (e rpmEntry) add(rich *[]closure.Expression, plain func(closure.Relation)) error {
	if strings.HasPrefix(e.Name, "(") {
		expression, err := parseRich(e.Name)
		*rich = append(*rich, expression)
		return err
	}
	relation, err := e.relation()
	plain(relation)
	return err
}

func (e rpmEntry) relation() (closure.Relation, error) {
	if e.Name == "" {
		return closure.Relation{}, errors.New("relation without a name")
	}
	if e.Flags == "" {
		return closure.Relation{Name: e.Name}, nil
	}
	op, known := map[string]string{"LT": "<", "LE": "<=", "EQ": "=", "GE": ">=", "GT": ">"}[e.Flags]
	if !known || e.Ver == "" {
		return closure.Relation{}, fmt.Errorf("relation %s: version bound %q %q", e.Name, e.Flags, e.rpmVersion)
	}
	return closure.Relation{Name: e.Name, Op: op, Version: e.String()}, nil
}

// CompareRPM orders versions "epoch:version-release" as rpm does. No epoch is epoch 0; releases count only where both
// have one.
func CompareRPM(a, b string) (int, error) {
	aEpoch, aVersion, aRelease := splitRPM(a)
	bEpoch, bVersion, bRelease := splitRPM(b)
	if order := rpmutils.Vercmp(aEpoch, bEpoch); order != 0 {
		return order, nil
	}
	if order := rpmutils.Vercmp(aVersion, bVersion); order != 0 || aRelease == "" || bRelease == "" {
		return order, nil
	}
	return rpmutils.Vercmp(aRelease, bRelease), nil
}

func splitRPM(text string) (epoch, version, release string) {
	epoch, version, found := strings.Cut(text, ":")
	if !found {
		epoch, version = "0", text
	}
	version, release, _ = strings.Cut(version, "-")
	return epoch, version, release
}

// RPM are the rules of dnf, which are libsolv's.
var RPM = closure.Rules{Compare: CompareRPM, BestWanted: true, AnyVersion: true, Revised: true}
