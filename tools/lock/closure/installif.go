package closure

import (
	"fmt"
	"slices"
)

// triggered returns an unselected package whose conditions the selected ones satisfy, or nil. As in apk, a package that
// conflicts with a selected one is not added. A package whose needs cannot be satisfied is an error later.
func (s *Solver) triggered(selected []*Package, without []string) (*Package, error) {
	has := func(name string) bool {
		return slices.ContainsFunc(selected, func(p *Package) bool { return p.Name == name })
	}
	for _, p := range s.extra {
		if has(p.Name) || slices.Contains(without, p.Name) {
			continue
		}
		met := true
		for _, list := range [][]Relation{p.InstallIf, p.InstallUnless} {
			for _, relation := range list {
				served, err := s.servedBy(selected, relation)
				if err != nil {
					return nil, fmt.Errorf("package %s: %w", p.Name, err)
				}
				met = met && served == slices.Contains(p.InstallIf, relation)
			}
		}
		if !met {
			continue
		}
		excluded, err := s.excluded(p, selected)
		if err != nil {
			return nil, fmt.Errorf("package %s: %w", p.Name, err)
		}
		if !excluded {
			return p, nil
		}
	}
	return nil, nil
}

// excluded reports whether a package and one of the others exclude each other, by a conflict or by providing the same name.
func (s *Solver) excluded(p *Package, others []*Package) (bool, error) {
	for _, relation := range p.Conflicts {
		if served, err := s.servedBy(others, relation); served || err != nil {
			return served, err
		}
	}
	for _, other := range others {
		for _, relation := range other.Conflicts {
			if served, err := s.servedBy([]*Package{p}, relation); served || err != nil {
				return served, err
			}
		}
		for _, name := range p.names() {
			if s.rules.Exclusive && slices.Contains(other.names(), name) && (p.versioned(name) || other.versioned(name)) {
				return true, nil
			}
		}
	}
	return false, nil
}

// versioned reports whether a package is or provides a name with a version.
func (p *Package) versioned(name string) bool {
	return p.Name == name || slices.ContainsFunc(p.Provides, func(r Relation) bool { return r.Name == name && r.Op != "" })
}

func (s *Solver) servedBy(packages []*Package, r Relation) (bool, error) {
	for _, p := range packages {
		if _, serves, err := s.serves(p, r); serves || err != nil {
			return serves, err
		}
	}
	return false, nil
}
