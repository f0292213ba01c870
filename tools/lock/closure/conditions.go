package closure

import (
	"errors"
	"fmt"
)

// Condition is a need that exists only together with something else: Then, if a selected package serves If.
type Condition struct {
	If   Relation
	Then []Relation // any one of them
}

// conditional returns what the conditions need that hold among the packages.
func (s *Solver) conditional(packages []*Package, selected map[string]*Package, without []string) ([]*Package, error) {
	var found []*Package
	for _, p := range packages {
		for _, condition := range p.Conditional {
			holds, err := s.anyServes(packages, condition.If)
			if err != nil {
				return nil, fmt.Errorf("package %s: %w", p.Name, err)
			}
			if holds == nil {
				continue
			}
			needed, err := s.satisfy(condition.Then, selected, without)
			if err != nil {
				return nil, fmt.Errorf("package %s: with %s: %w", p.Name, holds.Name, err)
			}
			if needed != nil {
				found = append(found, needed)
			}
		}
	}
	return found, nil
}

// checkConflicts names every pair that cannot be installed together.
func (s *Solver) checkConflicts(packages []*Package) error {
	var all []error
	for _, p := range packages {
		for _, conflict := range p.Conflicts {
			for _, other := range packages {
				if other == p {
					continue
				}
				serves, err := s.serves(other, conflict)
				if err != nil {
					return fmt.Errorf("package %s: %w", p.Name, err)
				}
				if serves {
					all = append(all, fmt.Errorf("package %s: conflicts with %s: %s %s is needed too", p.Name, conflict, other.Name, other.Version))
				}
			}
		}
	}
	return errors.Join(all...)
}

func (s *Solver) anyServes(packages []*Package, r Relation) (*Package, error) {
	for _, p := range packages {
		serves, err := s.serves(p, r)
		if err != nil {
			return nil, err
		}
		if serves {
			return p, nil
		}
	}
	return nil, nil
}
