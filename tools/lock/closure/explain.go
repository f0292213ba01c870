package closure

import (
	"fmt"
	"slices"
)

// explain returns the error for a clause that cannot be satisfied.
func (s *search) explain(c *clause) error {
	// If the owner was selected only because a better package was impossible, the error is about the better one.
	if instead := s.because[s.number[c.owner]]; c.owner != nil && instead != nil {
		delete(s.because, s.number[c.owner])
		preferred := instead.then[0]
		if why := s.why[preferred]; s.packages[preferred] != c.owner && why != nil {
			return s.explain(why)
		}
	}
	if c.against {
		other := c.owner
		for _, id := range c.all {
			if s.packages[id] != c.owner {
				other = s.packages[id]
			}
		}
		return fmt.Errorf("package %s: conflicts with %s: %s is needed too", c.owner.Name, c.text, other)
	}
	if c.owner == nil {
		if why := s.why[c.then[0]]; why != nil {
			delete(s.why, c.then[0])
			return s.explain(why)
		}
		return fmt.Errorf("package %s: cannot be installed with the other requested packages%s", c.text, s.oddly(c.text))
	}
	if len(c.then) == 0 && len(c.passive) == 0 {
		return fmt.Errorf("package %s: needs %s: nothing in the index provides it%s", c.owner.Name, c.text, s.oddProviders(c.names))
	}
	var names []string
	for _, id := range slices.Concat(c.then, c.passive) {
		names = append(names, s.packages[id].String())
	}
	if len(c.then) == 0 {
		return fmt.Errorf("package %s: needs %s: provided without a version or a priority, so apk selects none of them by itself: request one of %v",
			c.owner.Name, c.text, names)
	}
	err := fmt.Errorf("package %s: needs %s: none of %v can be installed with the other packages", c.owner.Name, c.text, names)
	// Start with the reason that the first one was rejected, unless it is this clause.
	if why := s.why[c.then[0]]; why != nil && why != c && why.owner == s.packages[c.then[0]] {
		delete(s.why, c.then[0])
		err = fmt.Errorf("%w: %w", err, s.explain(why))
	}
	return err
}
