// Package closure finds everything that a set of packages needs. It serves the relations of .deb, .apk and .rpm, which
// differ in spelling and in how versions compare, and are the same in kind.
package closure

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Relation names a package or capability, with a bound on its version if Op is not empty.
type Relation struct {
	Name    string
	Op      string // "<", "<=", "=", ">=", ">", or Alpine's "~": equal as far as Version goes
	Version string
}

func (r Relation) String() string { return strings.TrimSpace(r.Name + " " + r.Op + " " + r.Version) }

// Package is one candidate.
type Package struct {
	Name         string
	Version      string
	Architecture string
	Rank         int          // smaller is preferred where several packages could serve
	Provides     []Relation   // beside its own name; Op "=" or "" for no version
	Requires     [][]Relation // each is satisfied by any one of its relations, the first of them preferred
	Conditional  []Condition
	Conflicts    []Relation // must not be served by any other selected package
	// Unsupported is a need that cannot be expressed here. Selecting the package is an error that names it.
	Unsupported string
	File        File
}

// File is what a lock says about a package's file.
type File struct {
	Suite  string
	Size   int64
	SHA256 string
	// Identity is what an index that has no SHA256 of the file says instead: Alpine's sum of the control stream.
	Identity string
	URLs     []string
}

// Solver answers from one fixed set of candidates.
type Solver struct {
	compare   func(a, b string) (int, error)
	providers map[string][]*Package
}

// New prepares the candidates. Of a name that comes more than once only the newest is kept.
func New(candidates []*Package, compare func(a, b string) (int, error)) (*Solver, error) {
	newest := map[string]*Package{}
	for _, p := range candidates {
		old, exists := newest[p.Name]
		if exists {
			order, err := compare(old.Version, p.Version)
			if err != nil {
				return nil, fmt.Errorf("package %s: %w", p.Name, err)
			}
			if order >= 0 {
				continue
			}
		}
		newest[p.Name] = p
	}
	s := &Solver{compare: compare, providers: map[string][]*Package{}}
	for _, p := range newest {
		s.providers[p.Name] = append(s.providers[p.Name], p)
		for _, provided := range p.Provides {
			if provided.Name != p.Name {
				s.providers[provided.Name] = append(s.providers[provided.Name], p)
			}
		}
	}
	for name, packages := range s.providers {
		slices.SortFunc(packages, func(a, b *Package) int {
			return cmp.Or(cmp.Compare(ownName(a, name), ownName(b, name)), cmp.Compare(a.Rank, b.Rank),
				cmp.Compare(len(a.Name), len(b.Name)), cmp.Compare(a.Name, b.Name))
		})
		s.providers[name] = slices.Compact(packages)
	}
	return s, nil
}

func ownName(p *Package, name string) int {
	if p.Name == name {
		return 0
	}
	return 1
}

// Resolve returns the wanted packages and what they need, sorted by name. What is named in without is left out, with
// what only it would have needed.
func (s *Solver) Resolve(wanted, without []string) ([]*Package, error) {
	selected := map[string]*Package{}
	var queue []*Package
	take := func(p *Package) {
		if selected[p.Name] == nil {
			selected[p.Name] = p
			queue = append(queue, p)
		}
	}
	for _, name := range wanted {
		candidates := s.providers[name]
		if len(candidates) == 0 || candidates[0].Name != name {
			return nil, fmt.Errorf("package %s: not in the index", name)
		}
		take(candidates[0])
	}
	for len(queue) > 0 {
		p := queue[0]
		queue = queue[1:]
		if p.Unsupported != "" {
			return nil, fmt.Errorf("package %s: needs %s: not understood by this program", p.Name, p.Unsupported)
		}
		for _, need := range p.Requires {
			found, err := s.satisfy(need, selected, without)
			if err != nil {
				return nil, fmt.Errorf("package %s: %w", p.Name, err)
			}
			if found != nil {
				take(found)
			}
		}
		if len(queue) > 0 {
			continue
		}
		// Only now is it known which conditions hold; what they bring may make others hold.
		found, err := s.conditional(sorted(selected), selected, without)
		if err != nil {
			return nil, err
		}
		for _, p := range found {
			take(p)
		}
	}
	list := sorted(selected)
	return list, s.checkConflicts(list)
}

func sorted(selected map[string]*Package) []*Package {
	list := make([]*Package, 0, len(selected))
	for _, p := range selected {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b *Package) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

// satisfy returns the package that serves a need: one already selected if there is one, else the best of the first
// relation that anything serves. It is nil if the need may be left open because what would serve it is not wanted.
func (s *Solver) satisfy(need []Relation, selected map[string]*Package, without []string) (*Package, error) {
	var best *Package
	unwanted := false
	for _, relation := range need {
		for _, p := range s.providers[relation.Name] {
			serves, err := s.serves(p, relation)
			if err != nil {
				return nil, err
			}
			if !serves {
				continue
			}
			if selected[p.Name] != nil {
				return p, nil
			}
			if slices.Contains(without, p.Name) {
				unwanted = true
			} else if best == nil {
				best = p
			}
		}
	}
	if unwanted {
		return nil, nil
	}
	if best == nil {
		return nil, fmt.Errorf("needs %v: nothing in the index provides it", need)
	}
	return best, nil
}

func (s *Solver) serves(p *Package, r Relation) (bool, error) {
	if p.Name == r.Name {
		if matched, err := s.holds(p.Version, r); matched || err != nil {
			return matched, err
		}
	}
	for _, provided := range p.Provides {
		if provided.Name != r.Name {
			continue
		}
		if r.Op == "" {
			return true, nil
		}
		if provided.Version == "" {
			continue // a capability without a version serves no bound
		}
		if matched, err := s.holds(provided.Version, r); matched || err != nil {
			return matched, err
		}
	}
	return false, nil
}

func (s *Solver) holds(version string, r Relation) (bool, error) {
	if r.Op == "" {
		return true, nil
	}
	if r.Op == "~" {
		rest, begins := strings.CutPrefix(version, r.Version)
		return begins && (rest == "" || strings.ContainsAny(rest[:1], "._-")), nil
	}
	order, err := s.compare(version, r.Version)
	if err != nil {
		return false, err
	}
	switch r.Op {
	case "<":
		return order < 0, nil
	case "<=":
		return order <= 0, nil
	case "=":
		return order == 0, nil
	case ">=":
		return order >= 0, nil
	case ">":
		return order > 0, nil
	default:
		return false, fmt.Errorf("relation %v: unknown operator", r)
	}
}
