package alternatives

import (
	"slices"
	"strings"
)

// New is a group with its first alternative, as the first --install of a name writes it. The followers keep the order of the
// command line in chkconfig's format and are sorted in dpkg's.
func New(format Format, name string, first Registration) *Group {
	g := &Group{Format: format, Name: name, Link: first.Link}
	for _, f := range first.Followers {
		g.Followers = append(g.Followers, Follower{Name: f.Name, Link: f.Link})
	}
	if format == Dpkg {
		g.sortFollowers(func(a, b Follower) bool { return a.Name < b.Name })
	}
	g.put(first)
	return g
}

// Register adds an alternative, or replaces the one with the same path, as --install does. Whether links move is the
// caller's matter; Manual stays as it is.
//
// dpkg drops followers that no alternative serves, and sorts followers by name and alternatives by path. chkconfig sorts the
// followers by link (matchFollowers in alternatives.c), appends a new alternative, and drops unserved followers only when
// it replaces one.
func (g *Group) Register(r Registration) {
	for _, f := range r.Followers {
		known := slices.ContainsFunc(g.Followers, func(old Follower) bool {
			return old.Name == f.Name || (g.Format == Chkconfig && sameCommand(old.Link, f.Link))
		})
		if !known {
			g.Followers = append(g.Followers, Follower{Name: f.Name, Link: f.Link})
			for i := range g.Alternatives {
				g.Alternatives[i].Followers = append(g.Alternatives[i].Followers, "")
			}
		}
	}
	replaced := g.put(r)
	if g.Format == Dpkg {
		g.dropUnserved()
		g.sortFollowers(func(a, b Follower) bool { return a.Name < b.Name })
		sortStable(g.Alternatives, func(a, b Alternative) bool { return a.Path < b.Path })
		return
	}
	if replaced {
		g.dropUnserved()
	}
	g.sortFollowers(func(a, b Follower) bool { return a.Link < b.Link })
}

// put adds r's alternative under the group's present followers, in the place of one with the same path if there is one.
func (g *Group) put(r Registration) (replaced bool) {
	a := Alternative{Path: r.Path, Priority: r.Priority}
	for _, f := range g.Followers {
		target := ""
		for _, registered := range r.Followers {
			if registered.Name == f.Name {
				target = registered.Path
			}
		}
		a.Followers = append(a.Followers, target)
	}
	for i, old := range g.Alternatives {
		if old.Path == a.Path {
			g.Alternatives[i] = a
			return true
		}
	}
	g.Alternatives = append(g.Alternatives, a)
	return false
}

// Unregister removes the alternative with this path, as dpkg's program does with one whose file is gone, and the followers
// that then nobody serves.
func (g *Group) Unregister(path string) {
	g.Alternatives = slices.DeleteFunc(g.Alternatives, func(a Alternative) bool { return a.Path == path })
	g.dropUnserved()
}

func (g *Group) dropUnserved() {
	for i := len(g.Followers) - 1; i >= 0; i-- {
		if slices.ContainsFunc(g.Alternatives, func(a Alternative) bool { return a.Followers[i] != "" }) {
			continue
		}
		g.Followers = slices.Delete(g.Followers, i, i+1)
		for k := range g.Alternatives {
			g.Alternatives[k].Followers = slices.Delete(g.Alternatives[k].Followers, i, i+1)
		}
	}
}

// sortFollowers puts the followers in order and moves every alternative's targets along.
func (g *Group) sortFollowers(less func(a, b Follower) bool) {
	order := make([]int, len(g.Followers))
	for i := range order {
		order[i] = i
	}
	sortStable(order, func(a, b int) bool { return less(g.Followers[a], g.Followers[b]) })
	followers := make([]Follower, len(order))
	for i, from := range order {
		followers[i] = g.Followers[from]
	}
	g.Followers = followers
	for k, a := range g.Alternatives {
		targets := make([]string, len(order))
		for i, from := range order {
			targets[i] = a.Followers[from]
		}
		g.Alternatives[k].Followers = targets
	}
}

// sameCommand compares two links as chkconfig 1.32 and later does where sbin is merged into bin (streq_bin in
// alternatives.c): the four directories of commands count as one.
func sameCommand(a, b string) bool {
	return a == b || (inBin(a) != "" && inBin(a) == inBin(b))
}

func inBin(path string) string {
	for _, dir := range [...]string{"/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/"} {
		if rest, found := strings.CutPrefix(path, dir); found {
			return rest
		}
	}
	return ""
}

// sortStable sorts the handful of entries that a group has, by insertion. Package slices sorts long slices well, for 50 kB
// more in a wrapper that may have 1.9 MB.
func sortStable[T any](s []T, less func(a, b T) bool) {
	for i := range s {
		for k := i; k > 0 && less(s[k], s[k-1]); k-- {
			s[k], s[k-1] = s[k-1], s[k]
		}
	}
}
