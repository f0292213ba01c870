package closure

import "slices"

// unsatisfied returns a clause that counts and is not satisfied yet, with its candidates. If there is none, it returns a
// clause that cannot be satisfied any more.
func (s *search) unsatisfied() (*clause, []int, *clause) {
	var best, stuck *clause
	var bestCandidates []int
	for _, c := range s.clauses {
		candidates, counts := s.candidates(c)
		if counts && s.rules.Revised {
			candidates = s.bestOfEach(candidates)
		}
		switch {
		case !counts:
		case len(candidates) == 0:
			stuck = c
		case !s.rules.Revised || len(candidates) == 1:
			return c, candidates, nil
		case best == nil:
			best, bestCandidates = c, candidates
		}
	}
	if best != nil {
		return best, s.ordered(bestCandidates), nil
	}
	return nil, nil, stuck
}

// candidates returns the undecided packages that could satisfy a clause that counts and is not satisfied.
func (s *search) candidates(c *clause) (candidates []int, counts bool) {
	for _, id := range c.all {
		if s.values[id] != selected {
			return nil, false
		}
	}
	for _, id := range c.passive {
		if s.values[id] == selected {
			return nil, false
		}
	}
	for _, id := range c.then {
		switch s.values[id] {
		case selected:
			return nil, false
		case undecided:
			candidates = append(candidates, id)
		}
	}
	return candidates, true
}

// revise undoes the first choice one of whose alternatives was selected later for another reason, and chooses that alternative.
func (s *search) revise() bool {
	for i, d := range s.decisions {
		at := slices.IndexFunc(d.others, func(id int) bool {
			return s.values[id] == selected && slices.Index(s.trail, id) > d.trail
		})
		if at < 0 {
			continue
		}
		for len(s.decisions) > i {
			s.undo()
		}
		others := slices.Delete(append([]int{d.chosen}, d.others...), at+1, at+2)
		s.decide(d.others[at], others)
		return true
	}
	return false
}
