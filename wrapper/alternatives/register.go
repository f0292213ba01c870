package alternatives

import (
	"slices"
	"strings"
)

// New is a group with its first alternative, as the first --install of a name writes it.
func New(format Format, name string, first Registration) *Group {
	g := &Group{Format: format, Name: name, Link: first.Link}
	g.Register(first)
	return g
}

// Register adds an alternative, or replaces the one with the same path, as --install does. Whether links move is the
// caller's matter; Manual stays as it is.
//
// dpkg drops followers that no alternative serves, and sorts followers by name and alternatives by path. chkconfig keeps the
// command line's order the first time; then it sorts the followers by link (matchFollowers in alternatives.c), appends a
// new alternative, and drops unserved followers only when it replaces one.
func (g *Group) Register(r Registration) {
	a := Alternative{Path: r.Path, Priority: r.Priority, Targets: map[string]string{}}
	for _, f := range r.Followers {
		a.Targets[f.Name] = f.Path
		known := slices.ContainsFunc(g.Followers, func(old Follower) bool {
			return old.Name == f.Name || (g.Format == Chkconfig && command(old.Link) == command(f.Link))
		})
		if !known {
			g.Followers = append(g.Followers, Follower{Name: f.Name, Link: f.Link})
		}
	}
	first := len(g.Alternatives) == 0
	i := slices.IndexFunc(g.Alternatives, func(old Alternative) bool { return old.Path == a.Path })
	if i < 0 {
		g.Alternatives = append(g.Alternatives, a)
	} else {
		g.Alternatives[i] = a
	}
	if g.Format == Dpkg || i >= 0 {
		g.dropUnserved()
	}
	switch {
	case g.Format == Dpkg:
		sortStable(g.Followers, func(a, b Follower) bool { return a.Name < b.Name })
		sortStable(g.Alternatives, func(a, b Alternative) bool { return a.Path < b.Path })
	case !first:
		sortStable(g.Followers, func(a, b Follower) bool { return a.Link < b.Link })
	}
}

// Unregister removes the alternative with this path, as dpkg's program does with one whose file is gone, and the followers
// that then nobody serves.
func (g *Group) Unregister(path string) {
	g.Alternatives = slices.DeleteFunc(g.Alternatives, func(a Alternative) bool { return a.Path == path })
	g.dropUnserved()
}

func (g *Group) dropUnserved() {
	g.Followers = slices.DeleteFunc(g.Followers, func(f Follower) bool {
		return !slices.ContainsFunc(g.Alternatives, func(a Alternative) bool { return a.Targets[f.Name] != "" })
	})
}

// command removes the directory from a link in one of the four directories of commands. chkconfig 1.32 and later counts them
// as one where sbin is merged into bin (streq_bin in alternatives.c).
func command(link string) string {
	for _, dir := range [...]string{"/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/"} {
		if name, found := strings.CutPrefix(link, dir); found && name != "" {
			return name
		}
	}
	return link
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
