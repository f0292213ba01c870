package closure

import (
	"fmt"
	"slices"
)

// explain says why a clause cannot hold.
func (s *search) explain(c *clause) error {
	// What is only there because something better is not is no one's concern: the better one is.
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
		return fmt.Errorf("package %s: not to be installed with the others that were asked for%s", c.text, s.oddly(c.text))
	}
	if len(c.then) == 0 && len(c.passive) == 0 {
		return fmt.Errorf("package %s: needs %s: nothing in the index provides it%s", c.owner.Name, c.text, s.oddProviders(c.names))
	}
	var names []string
	for _, id := range slices.Concat(c.then, c.passive) {
		names = append(names, s.packages[id].String())
	}
	if len(c.then) == 0 {
		return fmt.Errorf("package %s: needs %s: provided without a version or a priority, so apk takes none of them by itself: ask for one of %v",
			c.owner.Name, c.text, names)
	}
	err := fmt.Errorf("package %s: needs %s: of %v none can be installed with the others", c.owner.Name, c.text, names)
	// The reason of the first is the one to start with, where it is not this very clause.
	if why := s.why[c.then[0]]; why != nil && why != c && why.owner == s.packages[c.then[0]] {
		delete(s.why, c.then[0])
		err = fmt.Errorf("%w: %w", err, s.explain(why))
	}
	return err
}
