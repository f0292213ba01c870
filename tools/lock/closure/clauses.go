package closure

import (
	"cmp"
	"fmt"
	"slices"
)

// clause is a condition: unless every package in all is selected, or one in not is, at least one in then must be selected.
type clause struct {
	owner   *Package // the package that needs it, nil for a wanted package
	all     []int    // packages that make the clause count if all of them are selected
	then    []int    // the preferred one first
	passive []int    // satisfy the clause too, but are never chosen for it
	text    string   // of the need
	names   []Relation
	against bool // the clause is a conflict
}

// problem contains every clause about the packages that can be reached from the wanted ones.
type problem struct {
	*Solver
	wanted, without []string
	packages        []*Package
	number          map[*Package]int
	clauses         []*clause
	holders         [][]*clause // of a package: the clauses that contain it
	obsoleted       map[int][]int
}

// id returns the number of a package. expand adds its clauses.
func (p *problem) id(of *Package) int {
	number, known := p.number[of]
	if !known {
		number = len(p.packages)
		p.number[of] = number
		p.packages = append(p.packages, of)
		p.holders = append(p.holders, nil)
	}
	return number
}

func (p *problem) add(c *clause) {
	p.clauses = append(p.clauses, c)
	for _, list := range [][]int{c.all, c.then, c.passive} {
		for _, id := range list {
			if holders := p.holders[id]; len(holders) == 0 || holders[len(holders)-1] != c {
				p.holders[id] = append(holders, c)
			}
		}
	}
}

// want adds a wanted package.
func (p *problem) want(name string) error {
	var versions []int
	for _, candidate := range p.named[name] {
		if candidate.Name == name {
			versions = append(versions, p.id(candidate))
		}
	}
	if len(versions) == 0 {
		return fmt.Errorf("package %s: not in the index%s", name, p.oddly(name))
	}
	if p.rules.BestWanted {
		versions = versions[:1]
	}
	best := p.packages[versions[0]]
	for _, other := range p.obsoleting[name] {
		// dnf would install the successor instead. This is an error, so that a maintainer names the successor in images/private/variants.bzl.
		obsolete, err := p.obsoletes(other, best)
		if err != nil {
			return err
		}
		mutual, err := p.obsoletes(best, other)
		if err != nil {
			return err
		}
		if obsolete && !mutual {
			return fmt.Errorf("package %s: %s obsoletes it: request %s instead", name, other, other.Name)
		}
	}
	p.add(&clause{then: versions, text: name})
	return nil
}

// expand adds the clauses of every package that can be reached.
func (p *problem) expand() error {
	for next := 0; next < len(p.packages); next++ {
		owner := p.packages[next]
		for _, need := range p.needs(owner) {
			if err := p.require(next, need, true); err != nil {
				return fmt.Errorf("package %s: %w", owner.Name, err)
			}
		}
		for _, expression := range owner.Against {
			if err := p.require(next, expression, false); err != nil {
				return fmt.Errorf("package %s: %w", owner.Name, err)
			}
		}
	}
	if p.rules.Revised {
		// Choices are made in the order of libsolv's rules: first those of the last package of the index.
		slices.SortStableFunc(p.clauses, func(a, b *clause) int {
			return cmp.Compare(p.place(b.owner), p.place(a.owner))
		})
	}
	if err := p.exclude(); err != nil {
		return err
	}
	p.oneOfEach()
	return nil
}

// place returns the position of a clause's owner in the index. Wanted packages come after all others.
func (p *problem) place(owner *Package) int {
	if owner == nil {
		return len(p.position)
	}
	return p.position[owner]
}

func (p *problem) needs(owner *Package) []Expression {
	var needs []Expression
	for _, any := range owner.Requires {
		needs = append(needs, Any(any))
	}
	return append(needs, owner.Rich...)
}

// Any returns the expression that at least one of the relations is satisfied.
func Any(relations []Relation) Expression {
	any := Expression{Operator: "or"}
	for _, relation := range relations {
		any.Of = append(any.Of, Expression{Relation: relation})
	}
	return any
}

// require adds the clauses of a package's need, or of an expression that must be false while it is selected.
func (p *problem) require(owner int, need Expression, holds bool) error {
	parts, err := p.normal(need, holds)
	if err != nil {
		return err
	}
	for _, part := range parts {
		unwanted := slices.ContainsFunc(part.then, func(candidate *Package) bool {
			return slices.Contains(p.without, candidate.Name) && !p.isWanted(candidate.Name)
		})
		// The package that would satisfy it is excluded on purpose, so it may stay unsatisfied.
		if unwanted {
			continue
		}
		c := &clause{owner: p.packages[owner], all: []int{owner}, text: need.String(), names: need.relations()}
		if need.Operator == "or" {
			c.text = fmt.Sprint(need.relations())
		}
		for _, candidate := range part.all {
			if id := p.id(candidate); !slices.Contains(c.all, id) {
				c.all = append(c.all, id)
			}
		}
		c.against = len(part.then) == 0 && !holds
		if c.against && len(c.all) == 1 {
			continue // a package never conflicts with itself
		}
		for _, candidate := range part.then {
			id := p.id(candidate)
			list := &c.then
			if choosable, err := p.choosable(candidate, c.names[0]); err != nil {
				return err
			} else if !choosable {
				list = &c.passive
			}
			if !slices.Contains(*list, id) {
				*list = append(*list, id)
			}
		}
		if !slices.Contains(c.then, owner) && !slices.Contains(c.passive, owner) { // otherwise it satisfies its own need
			p.add(c)
		}
	}
	return nil
}

func (p *problem) isWanted(name string) bool { return slices.Contains(p.wanted, name) }
