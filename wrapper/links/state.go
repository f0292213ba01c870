package links

import (
	"errors"
	"io/fs"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/alternatives"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
)

// AlternativesDir holds the links of every alternatives system except libalternatives: one for each command name.
const AlternativesDir = "/etc/alternatives"

// maxState bounds a state file in bytes; real ones have hundreds.
const maxState = 1 << 20

// State is a link group together with the file that it is recorded in.
type State struct {
	*alternatives.Group
	File string // such as /var/lib/dpkg/alternatives/iptables
	// Staging is the directory for unfinished files: on the same file system, but not the database's own, in which any
	// stray file makes `alternatives --list` fail.
	Staging string
}

// ReadState finds and reads the state of the group called name. The error is fs.ErrNotExist if there is no such group, and an
// *alternatives.SyntaxError if its file is damaged.
func ReadState(root *rootfs.Root, name string) (State, error) {
	s := State{File: "/var/lib/dpkg/alternatives/" + name, Staging: "/var/lib/dpkg"}
	format := alternatives.Dpkg
	data, err := root.ReadFile(s.File, maxState)
	if errors.Is(err, fs.ErrNotExist) {
		s.File, s.Staging = "/var/lib/alternatives/"+name, "/var/lib"
		data, err = root.ReadFile(s.File, maxState)
		format = alternatives.Detect(data)
	}
	if err != nil {
		return State{}, err
	}
	s.Group, err = alternatives.Parse(format, name, s.File, data)
	return s, err
}

// Has tells whether the group has a link called name, its leader's or a follower's.
func (s State) Has(name string) bool {
	if s.Name == name {
		return true
	}
	for _, f := range s.Followers {
		if f.Name == name {
			return true
		}
	}
	return false
}
