package closure

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Rules are where apt, apk and dnf differ.
type Rules struct {
	Compare func(a, b string) (int, error) // versions
	// NewestOnly: of a name only the newest version is a candidate (apt, where all archives have the same pin). The others take an
	// older one where a bound asks for it.
	NewestOnly bool
	// BestWanted: a package that was asked for is its newest version, or an error (dnf's option best).
	BestWanted bool
	// AnyVersion: what is provided without a version serves every bound (rpm).
	AnyVersion bool
	// Exclusive: of a name that is provided with a version there is one provider at a time. Without a version it may have several,
	// of which none is chosen but by its priority or because something names the package itself (apk).
	Exclusive bool
	// HighestProvided: the provider of the highest version is preferred, then Rank, then the index's order; what is provided without
	// a version is lower than all (apk). Else it is the package of that name, then Rank, then the alphabet.
	HighestProvided bool
	// Revised: a choice is taken back if an alternative to it came in anyway, and made late where it is one (libsolv).
	Revised bool
}

// serves says whether a package serves a relation, and with which version; a provided one can be empty.
func (s *Solver) serves(p *Package, r Relation) (version string, serves bool, err error) {
	if p.Name == r.Name {
		if serves, err = s.overlaps(Relation{r.Name, "=", p.Version}, r); serves || err != nil {
			return p.Version, serves, err
		}
	}
	for _, provided := range p.Provides {
		if provided.Name != r.Name {
			continue
		}
		if serves, err = s.overlaps(provided, r); serves || err != nil {
			return provided.Version, serves, err
		}
	}
	return "", false, nil
}

// overlaps says whether a version can be what is provided and what is asked for.
func (s *Solver) overlaps(provided, asked Relation) (bool, error) {
	switch {
	case asked.Op == "":
		return true, nil
	case provided.Op == "":
		return s.rules.AnyVersion || s.rules.HighestProvided && strings.Contains(asked.Op, "<"), nil
	case asked.Op == "~":
		rest, begins := strings.CutPrefix(provided.Version, asked.Version)
		return begins && strings.TrimLeft(rest[:min(len(rest), 1)], "0123456789") == rest[:min(len(rest), 1)], nil
	}
	order, err := s.rules.Compare(provided.Version, asked.Version)
	if err != nil {
		return false, fmt.Errorf("relation %s: %w", asked, err)
	}
	both := func(direction string) bool {
		return strings.Contains(provided.Op, direction) && strings.Contains(asked.Op, direction)
	}
	switch {
	case order < 0:
		return strings.Contains(provided.Op, ">") || strings.Contains(asked.Op, "<"), nil
	case order > 0:
		return strings.Contains(provided.Op, "<") || strings.Contains(asked.Op, ">"), nil
	default:
		return both("=") || both("<") || both(">"), nil
	}
}

// obsoletes says whether a package takes the place of another, by that one's own name.
func (s *Solver) obsoletes(p, other *Package) (bool, error) {
	for _, relation := range p.Obsoletes {
		if relation.Name != other.Name || other.Name == p.Name {
			continue
		}
		if overlaps, err := s.overlaps(Relation{other.Name, "=", other.Version}, relation); overlaps || err != nil {
			return overlaps, err
		}
	}
	return false, nil
}

// providing lists the packages that serve a relation, the preferred first.
func (s *Solver) providing(r Relation) ([]*Package, error) {
	type provider struct {
		*Package
		version string
	}
	var found []provider
	for _, p := range s.named[r.Name] {
		version, serves, err := s.serves(p, r)
		if err != nil {
			return nil, err
		}
		if serves {
			found = append(found, provider{p, version})
		}
	}
	var failed error
	newer := func(a, b string) int {
		if a == "" || b == "" {
			return cmp.Compare(len(b), len(a)) // a version before none
		}
		order, err := s.rules.Compare(b, a)
		failed = cmp.Or(failed, err)
		return order
	}
	slices.SortStableFunc(found, func(a, b provider) int {
		if s.rules.HighestProvided {
			order := newer(a.version, b.version)
			if order == 0 && a.Name == b.Name {
				order = newer(a.Version, b.Version)
			}
			return cmp.Or(order, cmp.Compare(a.Rank, b.Rank))
		}
		own := func(p provider) int {
			if p.Name == r.Name {
				return 0
			}
			return 1
		}
		if s.rules.Revised {
			return cmp.Or(cmp.Compare(a.Name, b.Name), newer(a.Version, b.Version))
		}
		return cmp.Or(cmp.Compare(own(a), own(b)), cmp.Compare(a.Rank, b.Rank), cmp.Compare(a.Name, b.Name), newer(a.Version, b.Version))
	})
	packages := make([]*Package, len(found))
	for i, p := range found {
		packages[i] = p.Package
	}
	return packages, failed
}

// choosable says whether a package may be taken for a relation only because it serves it.
func (s *Solver) choosable(p *Package, r Relation) (bool, error) {
	if !s.rules.Exclusive || p.Rank != 0 {
		return true, nil
	}
	version, _, err := s.serves(p, r)
	return version != "", err
}
