package links

import (
	"errors"
	"io/fs"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/alternatives"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
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

// ReadState finds and reads the state of the group called name. The error is fs.ErrNotExist if there is no such group, and names
// the line if its file is damaged.
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

// ConfDir holds libalternatives' configuration, a directory for each command name, and Alts is the name of its program, which
// the links of all of them lead to.
const (
	ConfDir = "/usr/share/libalternatives"
	Alts    = "alts"
)

// Conf is the name of the wrapper's configuration file there, and ConfNumber the number that it stands for: the highest
// wins (1 is legacy and 2 is nft), unless an override file selects another.
const (
	Conf       = "90.conf"
	ConfNumber = 90
)

// OverrideFiles are where libalternatives looks for overrides, the user's own before the system's. Which user will call is
// not known; iptables is called by root.
func OverrideFiles() [2]string {
	return [...]string{"/root/.config/libalternatives.conf", "/etc/libalternatives.conf"}
}

// Overridden returns the file that selects something else than the wrapper's configuration for an applet, empty if none does.
func Overridden(root *rootfs.Root, a applet.Applet) (file string, err error) {
	for _, file := range OverrideFiles() {
		data, err := root.ReadFile(file, maxState)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		switch alternatives.Override(data, a.String()) {
		case 0:
		case ConfNumber:
			return "", nil
		default:
			return file, nil
		}
	}
	return "", nil
}
