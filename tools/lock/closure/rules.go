package closure

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Rules are the differences between apt, apk and dnf.
type Rules struct {
	Compare func(a, b string) (int, error) // order of versions
	// NewestOnly: only the newest version of a name is a candidate (apt, if all archives have the same pin). The other programs
	// select an older one if a relation requires it.
	NewestOnly bool
	// BestWanted: a wanted package must be its newest version (dnf's option best).
	BestWanted bool
	// AnyVersion: a name that is provided without a version satisfies every relation (rpm).
	AnyVersion bool
	// Exclusive: a name that is provided with a version has at most one selected provider. A name that is provided without a
	// version may have several. One of those is chosen only by its priority, or because a relation names the package itself
	// (apk).
	Exclusive bool
	// HighestProvided: the provider of the highest version is preferred, then Rank, then the order of the index. A name without
	// a version is lower than all versions (apk). Without HighestProvided, the package of that name is preferred, then Rank,
	// then the alphabetical order.
	HighestProvided bool
	// Revised: a choice is undone if one of its alternatives was selected for another reason, and optional choices are made
	// late (libsolv).
	Revised bool
}

// serves reports whether a package satisfies a relation, and by which version. A provided version can be empty.
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

// overlaps reports whether one version can satisfy both a provided and a required relation.
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

// obsoletes reports whether a package replaces another one, by the name of that package.
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

// providing returns the packages that satisfy a relation, the preferred one first.
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
			return cmp.Compare(len(b), len(a)) // a version before no version
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

// choosable reports whether a package may be chosen for a relation only because it satisfies it.
func (s *Solver) choosable(p *Package, r Relation) (bool, error) {
	if !s.rules.Exclusive || p.Rank != 0 {
		return true, nil
	}
	version, _, err := s.serves(p, r)
	return version != "", err
}
