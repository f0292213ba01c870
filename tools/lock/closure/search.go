package closure

import "fmt"

// maxConflicts bounds the search. Image sets have none or a few.
const maxConflicts = 20000

type value int8

const (
	undecided value = iota
	selected
	rejected
)

// decision is a choice that may be taken back.
type decision struct {
	trail  int // how much was decided before it
	chosen int
	others []int // alternatives that were open
}

// search assigns each package. Everything that follows is decided before anything is chosen; a choice takes the preferred
// candidate, and is turned round where it leads to a contradiction. So a package is only ever selected because of a clause.
type search struct {
	*problem
	values    []value
	trail     []int
	next      int // of the trail, whose clauses are to be looked at
	decisions []decision
	why       map[int]*clause // of what is rejected
	because   map[int]*clause // of what is selected without a choice
	first     error           // why a clause could not hold, the first time
	conflicts int
}

func (p *problem) search() ([]*Package, error) {
	s := &search{problem: p, values: make([]value, len(p.packages)), why: map[int]*clause{}, because: map[int]*clause{}}
	// What was asked for comes first, so that an error tells of it.
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
		c, candidates, failed := s.open()
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

// undo takes back the last decision and what followed.
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

// turn makes the opposite of the last choice, after a clause that cannot hold.
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

// propagate decides what follows, and returns a clause that cannot hold.
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

// unit decides the only thing that can make a clause hold, and returns the clause if nothing can.
func (s *search) unit(c *clause) *clause {
	open, last := 0, -1
	for _, id := range c.all {
		switch s.values[id] {
		case rejected:
			return nil
		case undecided:
			open++
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
			open++
			only = id
		}
	}
	switch {
	case open > 1:
		return nil
	case open == 0:
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
