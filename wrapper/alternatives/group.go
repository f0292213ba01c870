// Package alternatives knows the databases in which distributions record who owns a command name: the state files of dpkg's
// update-alternatives, those of chkconfig's alternatives (Fedora, Azure Linux, Photon), and libalternatives' configuration
// (openSUSE). It reads and writes their text; it touches no file and runs no program.
//
// What Register leaves is byte for byte what the program's own --install would have left, so that the program finds its
// own work later. A file that is not quite right is an error that names the line, never a guess.
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
	Name   string // of the group; it is the state file's name and stands nowhere inside
	Manual bool   // an administrator chose; auto otherwise: the highest priority wins
	Link   string // the leader link, such as /usr/sbin/iptables

	Followers    []Follower
	Alternatives []Alternative
}

// Follower is a link that moves with the leader ("slave" in dpkg's own words).
type Follower struct {
	Name string // of its link in /etc/alternatives
	Link string // such as /usr/sbin/iptables-save
}

// Alternative is one thing that the leader can lead to.
type Alternative struct {
	Path     string
	Priority int

	// Family and Initscript exist in chkconfig's grammar only, and are empty mostly.
	Family, Initscript string

	// Targets is where the group's followers lead, by name; what is missing or empty leads nowhere while this is selected.
	Targets map[string]string
}

// Registration is what one call of `--install LINK NAME PATH PRIORITY [--slave LINK NAME PATH]...` says.
type Registration struct {
	Link      string // the leader link
	Path      string // what it shall lead to
	Priority  int
	Followers []RegisteredFollower
}

// RegisteredFollower is one --slave (--follower) of a Registration.
type RegisteredFollower struct{ Link, Name, Path string }

// Parse reads the state file of the group name. file is its path, for errors, which name it and the line.
func Parse(format Format, name, file string, data []byte) (*Group, error) {
	r := &reader{file: file, rest: string(data), trim: format == Chkconfig}
	g := &Group{Format: format, Name: name}
	r.header(g)
	r.alternatives(g)
	if r.err != nil {
		return nil, r.err
	}
	return g, nil
}

// Detect tells the format of a state file in /var/lib/alternatives. Chkconfig's live there, but so do those of SLE 15, whose
// update-alternatives is dpkg's; only SLE registers the multi-call binaries themselves.
func Detect(data []byte) Format {
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		if strings.HasSuffix(line, "/xtables-legacy-multi") || strings.HasSuffix(line, "/xtables-nft-multi") {
			return Dpkg
		}
	}
	return Chkconfig
}

// Bytes is the group as its own program writes it.
func (g *Group) Bytes() []byte {
	var b strings.Builder
	line := func(s string) { b.WriteString(s); b.WriteByte('\n') }
	if g.Manual {
		line("manual")
	} else {
		line("auto")
	}
	line(g.Link)
	for _, f := range g.Followers {
		line(f.Name)
		line(f.Link)
	}
	line("")
	for _, a := range g.Alternatives {
		line(a.Path)
		if a.Family != "" {
			b.WriteString("@" + a.Family + "@")
		}
		b.WriteString(strconv.Itoa(a.Priority))
		if a.Initscript != "" {
			b.WriteString(" " + a.Initscript)
		}
		line("")
		for _, f := range g.Followers {
			line(a.Targets[f.Name])
		}
	}
	if g.Format == Dpkg {
		line("")
	}
	return []byte(b.String())
}

// Best is the alternative that auto mode selects, of a group that has any: the highest priority, the first in the file among equals. (dpkg keeps the
// selected one among equals; here the question never arises, the wrapper's priority is its own.)
func (g *Group) Best() Alternative {
	return slices.MaxFunc(g.Alternatives, func(a, b Alternative) int { return a.Priority - b.Priority })
}

// Find returns the alternative with this path.
func (g *Group) Find(path string) (Alternative, bool) {
	i := slices.IndexFunc(g.Alternatives, func(a Alternative) bool { return a.Path == path })
	if i < 0 {
		return Alternative{}, false
	}
	return g.Alternatives[i], true
}

// Has tells whether the group has a link called name, its leader's or a follower's.
func (g *Group) Has(name string) bool {
	return name == g.Name || slices.ContainsFunc(g.Followers, func(f Follower) bool { return f.Name == name })
}

// Target is where the link called name leads while a is selected: a's own path for the leader's name, else its follower's
// target. It is empty if the group has no such link or a nothing for it.
func (g *Group) Target(a Alternative, name string) string {
	if name == g.Name {
		return a.Path
	}
	return a.Targets[name]
}
