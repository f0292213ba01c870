package closure

import "fmt"

// maxConflicts limits the search. Image sets have no or few conflicts.
const maxConflicts = 20000

type value int8

const (
	undecided value = iota
	selected
	rejected
)

// decision is a choice that can be undone.
type decision struct {
	trail  int // number of packages that were decided before
	chosen int
	others []int // alternatives that were undecided
}

// search assigns each package. It decides everything that follows from the clauses before it makes a choice. A choice takes the
// preferred candidate, and is reversed if it leads to a contradiction. So a package is only selected because of a clause.
type search struct {
	*problem
	values    []value
	trail     []int
	next      int // position in the trail from which on clauses have to be checked
	decisions []decision
	why       map[int]*clause // the clauses that rejected packages
	because   map[int]*clause // the clauses that selected packages without a choice
	first     error           // the first reason that a clause could not be satisfied
	conflicts int
}

func (p *problem) search() ([]*Package, error) {
	s := &search{problem: p, values: make([]value, len(p.packages)), why: map[int]*clause{}, because: map[int]*clause{}}
	// Wanted packages come first, so that errors are about them.
	for _, c := range p.clauses {
		if failed := s.unit(c); failed != nil {
			return nil, s.explain(failed)
		}
		if c.owner == nil {
			if failed := s.propagate(); failed != nil {
				return nil, s.explain(failed)
			}
		}
	}
	revisions := 0
	for {
		if failed := s.propagate(); failed != nil {
			if err := s.turn(failed); err != nil {
				return nil, err
			}
			continue
		}
		c, candidates, failed := s.unsatisfied()
		switch {
		case failed != nil:
			if err := s.turn(failed); err != nil {
				return nil, err
			}
		case c != nil:
			s.decide(candidates[0], candidates[1:])
		case p.rules.Revised && revisions < len(p.packages) && s.revise():
			revisions++
		default:
			return s.selection(), nil
		}
	}
}

func (s *search) selection() []*Package {
	var list []*Package
	for id, value := range s.values {
		if value == selected {
			list = append(list, s.packages[id])
		}
	}
	return list
}

func (s *search) set(id int, v value) {
	s.values[id] = v
	s.trail = append(s.trail, id)
}

func (s *search) decide(id int, others []int) {
	s.decisions = append(s.decisions, decision{len(s.trail), id, others})
	s.set(id, selected)
}

// undo undoes the last decision and everything that followed from it.
func (s *search) undo() decision {
	last := s.decisions[len(s.decisions)-1]
	s.decisions = s.decisions[:len(s.decisions)-1]
	for _, id := range s.trail[last.trail:] {
		s.values[id] = undecided
	}
	s.trail = s.trail[:last.trail]
	s.next = len(s.trail)
	return last
}

// turn reverses the last choice after a clause that cannot be satisfied.
func (s *search) turn(failed *clause) error {
	if s.first == nil {
		s.first = s.explain(failed)
	}
	s.conflicts++
	if len(s.decisions) == 0 {
		return s.first
	}
	if s.conflicts > maxConflicts {
		return fmt.Errorf("%w; %d combinations were tried", s.first, maxConflicts)
	}
	chosen := s.undo().chosen
	s.why[chosen] = failed
	s.set(chosen, rejected)
	return nil
}

// propagate decides what follows from the clauses. It returns a clause that cannot be satisfied, or nil.
func (s *search) propagate() *clause {
	for s.next < len(s.trail) {
		id := s.trail[s.next]
		s.next++
		for _, c := range s.holders[id] {
			if failed := s.unit(c); failed != nil {
				return failed
			}
		}
	}
	return nil
}

// unit decides the last undecided package that can satisfy a clause. If there is none, it returns the clause.
func (s *search) unit(c *clause) *clause {
	count, last := 0, -1
	for _, id := range c.all {
		switch s.values[id] {
		case rejected:
			return nil
		case undecided:
			count++
			last = id
		}
	}
	for _, id := range c.passive {
		if s.values[id] != rejected {
			return nil
		}
	}
	only := -1
	for _, id := range c.then {
		switch s.values[id] {
		case selected:
			return nil
		case undecided:
			count++
			only = id
		}
	}
	switch {
	case count > 1:
		return nil
	case count == 0:
		return c
	case only >= 0:
		s.because[only] = c
		s.set(only, selected)
	default:
		s.why[last] = c
		s.set(last, rejected)
	}
	return nil
}
