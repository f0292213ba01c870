package closure

import (
	"cmp"
	"slices"
	"strings"
)

// The functions in this file sort the candidates for one need as libsolv does before it selects the first one (policy.c,
// policy_filter_unwanted).

// bestOfEach returns the newest of each name that no other candidate obsoletes, in alphabetical order.
func (s *search) bestOfEach(candidates []int) []int {
	var best []int
	for _, id := range candidates {
		at := slices.IndexFunc(best, func(other int) bool { return s.packages[other].Name == s.packages[id].Name })
		switch {
		case at < 0:
			best = append(best, id)
		case s.newer(id, best[at]):
			best[at] = id
		}
	}
	slices.SortFunc(best, func(a, b int) int { return cmp.Compare(s.packages[a].Name, s.packages[b].Name) })
	return slices.DeleteFunc(slices.Clone(best), func(id int) bool {
		return slices.ContainsFunc(best, func(other int) bool {
			return slices.Contains(s.obsoleted[other], id) && !slices.Contains(s.obsoleted[id], other)
		})
	})
}

// newer reports whether one version is newer. The versions of a name are sorted, the newest first.
func (s *search) newer(id, than int) bool {
	all := s.named[s.packages[id].Name]
	return slices.Index(all, s.packages[id]) < slices.Index(all, s.packages[than])
}

// ordered moves a package to the end if there is a newer version of it. If several candidates provide a name, it then moves
// the one that provides the highest version to the front.
func (s *search) ordered(candidates []int) []int {
	old := func(id int) int {
		return min(slices.Index(s.named[s.packages[id].Name], s.packages[id]), 1)
	}
	slices.SortStableFunc(candidates, func(a, b int) int { return cmp.Compare(old(a), old(b)) })
	behind := map[int]int{}
	for _, name := range s.providedBy(candidates) {
		type entry struct {
			id      int
			version string
		}
		var entries []entry
		for _, id := range candidates {
			for _, provided := range s.packages[id].Provides {
				if provided.Name == name && provided.Op == "=" && !isHash(provided.Version) {
					entries = append(entries, entry{id, provided.Version})
				}
			}
		}
		compare := func(a, b entry) int {
			order, _ := s.rules.Compare(b.version, a.version) // all versions of rpm can be compared
			return order
		}
		slices.SortStableFunc(entries, compare)
		place := 0
		for i, e := range entries {
			if i > 0 && e.id != entries[i-1].id && compare(entries[i-1], e) < 0 {
				place++
			}
			behind[e.id] += place
		}
	}
	slices.SortStableFunc(candidates, func(a, b int) int { return cmp.Compare(behind[a], behind[b]) })
	return candidates
}

// isHash reports whether a version is a checksum, which has no order.
func isHash(version string) bool {
	return len(version) >= 4 && strings.Trim(version, "0123456789abcdef") == ""
}

func (s *search) providedBy(ids []int) []string {
	var names []string
	for _, id := range ids {
		for _, provided := range s.packages[id].Provides {
			if !slices.Contains(names, provided.Name) {
				names = append(names, provided.Name)
			}
		}
	}
	return names
}
