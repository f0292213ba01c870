package closure

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// Solver selects from one fixed set of candidates.
type Solver struct {
	rules    Rules
	named    map[string][]*Package // packages by their names and by the names that they provide, in the order of the index
	odd      map[string][]*Package
	position map[*Package]int // in the index
	extra    []*Package       // packages with InstallIf
	// obsoleting contains the packages that obsolete some version of a name.
	obsoleting map[string][]*Package
}

// New returns a Solver for the candidates.
func New(candidates []*Package, rules Rules) (*Solver, error) {
	s := &Solver{rules: rules, named: map[string][]*Package{}, odd: map[string][]*Package{}, position: map[*Package]int{}, obsoleting: map[string][]*Package{}}
	versions := map[string][]*Package{}
	for _, p := range candidates {
		if p.Odd != "" {
			s.odd[p.Name] = append(s.odd[p.Name], p)
			continue
		}
		versions[p.Name] = append(versions[p.Name], p)
	}
	for name, all := range versions {
		var failed error
		slices.SortStableFunc(all, func(a, b *Package) int {
			order, err := rules.Compare(b.Version, a.Version)
			failed = cmp.Or(failed, err)
			return order
		})
		if failed != nil {
			return nil, fmt.Errorf("package %s: %w", name, failed)
		}
		// If a version occurs more than once, the first one is taken.
		all = slices.CompactFunc(all, func(a, b *Package) bool { return a.Version == b.Version })
		if rules.NewestOnly {
			all = all[:1]
		}
		versions[name] = all
	}
	for i, p := range candidates {
		if !slices.Contains(versions[p.Name], p) {
			continue
		}
		s.position[p] = i
		for _, name := range p.names() {
			s.named[name] = append(s.named[name], p)
		}
		for _, relation := range p.Obsoletes {
			s.obsoleting[relation.Name] = append(s.obsoleting[relation.Name], p)
		}
		if len(p.InstallIf) > 0 {
			s.extra = append(s.extra, p)
		}
	}
	for name, all := range versions {
		// Packages of the name itself come first, the newest of them first.
		others := slices.DeleteFunc(s.named[name], func(p *Package) bool { return p.Name == name })
		s.named[name] = append(slices.Clone(all), others...)
	}
	return s, nil
}

// names returns the name of a package and the names that it provides, without duplicates.
func (p *Package) names() []string {
	names := []string{p.Name}
	for _, provided := range p.Provides {
		if !slices.Contains(names, provided.Name) {
			names = append(names, provided.Name)
		}
	}
	return names
}

// Resolve returns the wanted packages and everything that they need, sorted by name. It excludes the packages in without, and
// what only they would need.
func (s *Solver) Resolve(wanted, without []string) ([]*Package, error) {
	var extra []*Package // selected by InstallIf
	selected, err := s.solve(wanted, without, nil)
	if err != nil {
		return nil, err
	}
	for {
		p, err := s.triggered(selected, without)
		if err != nil {
			return nil, err
		}
		if p == nil {
			break
		}
		extra = append(extra, p)
		if selected, err = s.solve(wanted, without, extra); err != nil {
			return nil, fmt.Errorf("package %s, which is added if %v is selected: %w", p, p.InstallIf, err)
		}
	}
	slices.SortFunc(selected, func(a, b *Package) int { return cmp.Compare(a.Name, b.Name) })
	return selected, s.checkOdd(selected)
}

// solve selects the wanted packages, the extra packages, and everything that they need.
func (s *Solver) solve(wanted, without []string, extra []*Package) ([]*Package, error) {
	p := &problem{Solver: s, wanted: wanted, without: without, number: map[*Package]int{}, obsoleted: map[int][]int{}}
	for _, name := range wanted {
		if err := p.want(name); err != nil {
			return nil, err
		}
	}
	for _, one := range extra {
		p.add(&clause{then: []int{p.id(one)}, text: one.Name})
	}
	if err := p.expand(); err != nil {
		return nil, err
	}
	return p.search()
}

// checkOdd refuses a selected package if an entry that is not understood may be a newer version of it.
func (s *Solver) checkOdd(selected []*Package) error {
	for _, p := range selected {
		for _, odd := range s.odd[p.Name] {
			order, err := s.rules.Compare(odd.Version, p.Version)
			if err != nil || order > 0 {
				return fmt.Errorf("package %s: %s may not be the newest: the index's entry %s is not understood: %s", p.Name, p.Version, odd, odd.Odd)
			}
		}
	}
	return nil
}

// oddly returns a text about the entries of a name that are not understood.
func (s *Solver) oddly(name string) string {
	text := ""
	for _, p := range s.odd[name] {
		text += fmt.Sprintf(" (the index's entry %s is not understood: %s)", p, p.Odd)
	}
	return text
}

// oddProviders returns a text about the entries that are not understood and would provide one of the names.
func (s *Solver) oddProviders(relations []Relation) string {
	text := ""
	for _, name := range slices.Sorted(maps.Keys(s.odd)) {
		for _, p := range s.odd[name] {
			if slices.ContainsFunc(relations, func(r Relation) bool { return slices.Contains(p.names(), r.Name) }) {
				text += fmt.Sprintf(" (the index's entry %s is not understood: %s)", p, p.Odd)
			}
		}
	}
	return text
}
