package closure

import (
	"cmp"
	"slices"
	"strings"
)

// What libsolv does with several candidates for one need before it takes the first of them (policy.c, policy_filter_unwanted).

// bestOfEach leaves the newest of each name, and none that another of them obsoletes, in the alphabet's order.
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

// newer says whether one version is the newer one; of a name they are kept in falling order.
func (s *search) newer(id, than int) bool {
	all := s.named[s.packages[id].Name]
	return slices.Index(all, s.packages[id]) < slices.Index(all, s.packages[than])
}

// ordered puts those last of which there is a newer version, and then those first that provide the higher version of a name that
// several of them provide.
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
			order, _ := s.rules.Compare(b.version, a.version) // rpm's versions all compare
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

// isHash says whether a version is a sum of what it is of: it has no order.
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
