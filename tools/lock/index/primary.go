package index

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
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
		Package int64 `xml:"package,attr"`
	} `xml:"size"`
	Location location `xml:"location"`
	Format   struct {
		Provides  []rpmEntry `xml:"provides>entry"`
		Requires  []rpmEntry `xml:"requires>entry"`
		Conflicts []rpmEntry `xml:"conflicts>entry"`
		Files     []string   `xml:"file"` // only some: those in bin and sbin folders and in /etc
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

// ParsePrimary parses primary.xml and returns the packages for an architecture and those for all of them. The
// addresses begin with each of bases.
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
		p, err := listed.candidate(bases)
		if err != nil {
			return nil, fmt.Errorf("index primary: package %q: %w", listed.Name, err)
		}
		packages = append(packages, p)
	}
}

func (r *rpmPackage) candidate(bases []string) (*closure.Package, error) {
	if r.Name == "" || r.Version.Ver == "" || r.Version.Rel == "" || r.Size.Package <= 0 {
		return nil, fmt.Errorf("version %q, %d bytes: incomplete", r.Version, r.Size.Package)
	}
	place, err := r.Location.path()
	if err != nil {
		return nil, err
	}
	sum, err := r.Checksum.sha256()
	if err != nil {
		return nil, err
	}
	p := &closure.Package{Name: r.Name, Version: r.Version.String(), Architecture: r.Arch}
	p.File = closure.File{Size: r.Size.Package, SHA256: sum}
	for _, base := range bases {
		p.File.URLs = append(p.File.URLs, base+(&url.URL{Path: "/" + place}).EscapedPath()) // versions may hold "^"
	}
	for _, entry := range r.Format.Provides {
		relation, err := entry.relation()
		if err != nil {
			return nil, err
		}
		p.Provides = append(p.Provides, relation)
	}
	for _, name := range r.Format.Files {
		p.Provides = append(p.Provides, closure.Relation{Name: name})
	}
	for _, entry := range r.Format.Conflicts {
		if strings.HasPrefix(entry.Name, "(") {
			p.Unsupported = "conflict " + entry.Name
			continue
		}
		relation, err := entry.relation()
		if err != nil {
			return nil, err
		}
		p.Conflicts = append(p.Conflicts, relation)
	}
	for _, entry := range r.Format.Requires {
		if err := entry.require(p); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// require adds a requirement to a package.
func (e rpmEntry) require(p *closure.Package) error {
	switch {
	case strings.HasPrefix(e.Name, "rpmlib("): // of the program that installs, not of a package
		return nil
	case strings.HasPrefix(e.Name, "("):
		rich, err := parseRich(e.Name)
		if err != nil {
			// Only an error if the package is selected: a distribution has thousands that nothing here needs.
			p.Unsupported = err.Error()
			return nil
		}
		p.Requires = append(p.Requires, rich.requires...)
		p.Conditional = append(p.Conditional, rich.conditional...)
		return nil
	}
	relation, err := e.relation()
	p.Requires = append(p.Requires, []closure.Relation{relation})
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
