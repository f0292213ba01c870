// Package alternatives reads and writes the text of alternatives databases: the state files of dpkg's update-alternatives, those
// of chkconfig's alternatives, and libalternatives' configuration (openSUSE). It does no I/O.
//
// Register produces the same bytes as the program's own --install. A malformed file is an error that names the line; the package
// never guesses.
package alternatives

import (
	"slices"
	"strconv"
	"strings"
)

// Format is the grammar of a state file.
type Format int

const (
	// Dpkg is the grammar of dpkg's update-alternatives (Debian, Ubuntu, SLE 15).
	Dpkg Format = iota
	// Chkconfig is the grammar of chkconfig's alternatives (Fedora, EL 9, Azure Linux, Photon).
	Chkconfig
)

// Group is one link group: a leader link, follower links that move with it, and the alternatives they can lead to.
type Group struct {
	Format Format
	Name   string // of the group. It is the name of the state file, which does not contain it
	Manual bool   // an administrator selected the alternative; otherwise auto: the highest priority wins
	Link   string // the leader link, such as /usr/sbin/iptables

	Followers    []Follower
	Alternatives []Alternative
}

// Follower is a link that moves with the leader ("slave" in dpkg's own words).
type Follower struct {
	Name string // of its link in /etc/alternatives
	Link string // such as /usr/sbin/iptables-save
}

// Alternative is a target of the leader link.
type Alternative struct {
	Path     string
	Priority int

	// Family and Initscript are mostly empty, and exist in chkconfig's grammar only. They are written before and after the
	// priority, and include the characters that delimit them: "@family@10 initscript".
	Family, Initscript string

	Targets map[string]string // of the followers, by name; without a target, a follower has no symlink while this is selected
}

// Parse reads the state file of the group name. file is its path, which errors contain together with the line.
func Parse(format Format, name, file string, data []byte) (*Group, error) {
	r := &reader{file: file, rest: string(data), trim: format == Chkconfig}
	g := &Group{Format: format, Name: name}
	r.header(g)
	r.alternatives(g)
	return g, r.err
}

// Detect returns the format of a state file in /var/lib/alternatives. All distributions write chkconfig's format there except SLE
// 15: its update-alternatives is dpkg's. Only SLE 15 registers the multi-call binaries themselves.
func Detect(data []byte) Format {
	text := string(data)
	if strings.Contains(text, "/xtables-legacy-multi\n") || strings.Contains(text, "/xtables-nft-multi\n") {
		return Dpkg
	}
	return Chkconfig
}

// Bytes returns the text of the state file, as the program that manages the group writes it.
func (g *Group) Bytes() []byte {
	lines := []string{"auto", g.Link}
	if g.Manual {
		lines[0] = "manual"
	}
	for _, f := range g.Followers {
		lines = append(lines, f.Name, f.Link)
	}
	lines = append(lines, "")
	for _, a := range g.Alternatives {
		lines = append(lines, a.Path, a.Family+strconv.Itoa(a.Priority)+a.Initscript)
		for _, f := range g.Followers {
			lines = append(lines, a.Targets[f.Name])
		}
	}
	if g.Format == Dpkg {
		lines = append(lines, "")
	}
	return []byte(strings.Join(append(lines, ""), "\n"))
}

// Best returns the alternative that auto mode selects: the first in the file with the highest priority. The group must have one.
// (Among equal priorities dpkg keeps the selected one, but no other alternative has the wrapper's priority.)
func (g *Group) Best() Alternative {
	return slices.MaxFunc(g.Alternatives, func(a, b Alternative) int { return a.Priority - b.Priority })
}

// Has reports whether the leader or a follower of the group is called name.
func (g *Group) Has(name string) bool {
	return name == g.Name || slices.ContainsFunc(g.Followers, func(f Follower) bool { return f.Name == name })
}

// Target returns the target of the link called name while a is selected. It is "" if there is no such link, or no target for it.
func (g *Group) Target(a Alternative, name string) string {
	if name == g.Name {
		return a.Path
	}
	return a.Targets[name]
}

// Register adds an alternative, or replaces the one with the same path, as --install does. followers are those for which a has a
// target. Register moves no link and does not change Manual: both are decisions of the caller.
//
// dpkg drops followers that no alternative serves. It sorts followers by name and alternatives by path. chkconfig first keeps the
// order of the command line. Later it sorts the followers by link (matchFollowers in alternatives.c) and appends a new
// alternative. It drops unserved followers only when it replaces an alternative. It also compares the links of followers.
func (g *Group) Register(a Alternative, followers ...Follower) {
	for _, f := range followers {
		if !slices.ContainsFunc(g.Followers, func(old Follower) bool {
			return old.Name == f.Name || g.Format == Chkconfig && command(old.Link) == command(f.Link)
		}) {
			g.Followers = append(g.Followers, f)
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
	if g.Format == Dpkg {
		slices.SortStableFunc(g.Followers, func(a, b Follower) int { return strings.Compare(a.Name, b.Name) })
		slices.SortStableFunc(g.Alternatives, func(a, b Alternative) int { return strings.Compare(a.Path, b.Path) })
	} else if !first {
		slices.SortStableFunc(g.Followers, func(a, b Follower) int { return strings.Compare(a.Link, b.Link) })
	}
}

// Unregister removes the alternatives whose path is gone, and the followers without a target in the others, as dpkg does.
func (g *Group) Unregister(gone func(path string) bool) {
	g.Alternatives = slices.DeleteFunc(g.Alternatives, func(a Alternative) bool { return gone(a.Path) })
	g.dropUnserved()
}

func (g *Group) dropUnserved() {
	g.Followers = slices.DeleteFunc(g.Followers, func(f Follower) bool {
		return !slices.ContainsFunc(g.Alternatives, func(a Alternative) bool { return a.Targets[f.Name] != "" })
	})
}

// command removes the directory from a link in one of the four directories of commands. chkconfig 1.32 and later treats these four
// as one if sbin is merged into bin (streq_bin in alternatives.c).
func command(link string) string {
	for _, dir := range [...]string{"/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/"} {
		if name, found := strings.CutPrefix(link, dir); found && name != "" {
			return name
		}
	}
	return link
}
