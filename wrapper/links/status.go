package links

import (
	"errors"
	"io/fs"
	"path"
	"slices"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/alternatives"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/xtables"
)

// Status is the state of each applet's symlink. It is "wrapper" if the symlink leads to the wrapper, "pinned to nft" or "pinned to
// legacy" if it leads to a binary of this installation, or else "missing" or "elsewhere". It is zero without a wrapper.
type Status [applet.Count]string

// Look returns the status of an installation. If an applet is in several directories, the one in the wrapper's own directory
// counts, otherwise the first.
func Look(inst *xtables.Installation) (s Status) {
	if _, err := inst.Root.Stat(inst.Wrapper); inst.Wrapper == "" || rootfs.Missing(err) {
		return s
	}
	dirs := inst.Dirs()
	for _, a := range applet.All() {
		_, s[a] = first(inst, a, dirs)
	}
	return s
}

// Hidden returns the first applet name along dirs that executes another file than the installation's own symlinks, which s
// describes. A shell whose PATH is dirs never reaches those. Hidden returns "" if no name is hidden, or if the wrapper's directory
// is not in dirs.
func (s Status) Hidden(inst *xtables.Installation, dirs []string) string {
	own := func(dir string) bool {
		dir, err := inst.Root.Resolve(dir)
		return err == nil && dir == path.Dir(inst.Wrapper)
	}
	if !slices.ContainsFunc(dirs, own) {
		return ""
	}
	for _, a := range applet.All() {
		if name, what := first(inst, a, dirs); name != "" && what != s[a] && s[a] != "" {
			return name
		}
	}
	return ""
}

// first returns the first executable file along dirs that is named for a, and its state.
func first(inst *xtables.Installation, a applet.Applet, dirs []string) (name, what string) {
	for _, dir := range dirs {
		name := path.Join(dir, a.String())
		if _, err := inst.Root.Executable(name); err != nil {
			continue
		}
		switch t, err := Follow(inst, a, name); {
		case err != nil || !t.Ours:
			return name, "elsewhere"
		case t.Mode == 0:
			return name, "wrapper"
		default:
			return name, pinnedTo + t.Mode.String()
		}
	}
	return "", missing
}

// String returns the state if all six have the same, otherwise "mixed" or "not installed".
func (s Status) String() string {
	if s == (Status{}) {
		return "not installed"
	}
	for _, one := range s {
		if one != s[0] {
			return "mixed"
		}
	}
	return s[0]
}

// PinnedTo reports whether a symlink is pinned to mode m.
func (s Status) PinnedTo(m mode.Mode) bool { return slices.Contains(s[:], pinnedTo+m.String()) }

const (
	pinnedTo = "pinned to "
	missing  = "missing"
)

// Target is the file that an applet's name executes.
type Target struct {
	End  string
	Ours bool      // End is a file of the installation
	Mode mode.Mode // of that file, zero for the wrapper

	last string      // the symlink that leads to End, or to libalternatives' program; empty if the name is not a symlink
	conf rootfs.File // the wrapper's configuration of libalternatives, if it is used
}

// Follow follows name, a name of applet a, to the first file of the installation or to the end. If the name leads to
// libalternatives' program, the file is the one that the wrapper's configuration or an override file selects.
func Follow(inst *xtables.Installation, a applet.Applet, name string) (t Target, err error) {
	files := inst.Files(a)
	ours := func(file string) bool { _, is := files[file]; return is }
	t.last, t.End, err = inst.Root.Follow(name, ours)
	if err == nil && path.Base(t.End) == Alts {
		t.conf, err = inst.Root.ReadFile(path.Join(ConfDir, a.String(), Conf), maxState)
		if errors.Is(err, fs.ErrNotExist) {
			return t, nil
		}
		if err == nil {
			_, t.End, err = inst.Root.Follow(alternatives.ConfBinary(t.conf.Data), ours)
		}
		if by, overErr := Overridden(inst.Root, a); by != "" || overErr != nil {
			t.End, err = by, overErr
		}
	}
	t.Mode, t.Ours = files[t.End]
	return t, err
}

// AlternativesDir contains the symlinks of every alternatives system except libalternatives, one for each command name.
const AlternativesDir = "/etc/alternatives"

// maxState limits the size of a state file, in bytes. Real ones have hundreds.
const maxState = 1 << 20

// State is a link group with its state file.
type State struct {
	*alternatives.Group
	File    rootfs.File // such as /var/lib/dpkg/alternatives/iptables
	Staging string      // for unfinished files: another file in the database's directory lets `alternatives --list` fail
}

// ReadState finds and reads the state of the group called name. The error is fs.ErrNotExist if there is no such group. If the file
// is damaged, the error contains the line.
func ReadState(root *rootfs.Root, name string) (State, error) {
	file, staging, format := "/var/lib/dpkg/alternatives/"+name, "/var/lib/dpkg", alternatives.Dpkg
	data, err := root.ReadFile(file, maxState)
	if errors.Is(err, fs.ErrNotExist) {
		file, staging = "/var/lib/alternatives/"+name, "/var/lib"
		data, err = root.ReadFile(file, maxState)
		format = alternatives.Detect(data.Data)
	}
	if err != nil {
		return State{}, err
	}
	group, err := alternatives.Parse(format, name, file, data.Data)
	return State{group, data, staging}, err
}

// The paths of libalternatives. The configuration file of a command with the highest number is selected (1 is legacy and 2 is
// nft), unless an override file selects another.
const (
	ConfDir    = "/usr/share/libalternatives" // a directory for each command name
	Conf       = "90.conf"                    // the wrapper's configuration file in it
	confNumber = 90                           // its number
	Alts       = "alts"                       // the program to which the symlinks of all these commands lead
)

// Overridden returns the override file of libalternatives that does not select the wrapper's configuration for an applet, or "".
// The user's file comes first: iptables runs as root.
func Overridden(root *rootfs.Root, a applet.Applet) (file string, err error) {
	for _, file := range [...]string{"/root/.config/libalternatives.conf", "/etc/libalternatives.conf"} {
		data, err := root.ReadFile(file, maxState)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		switch alternatives.Override(data.Data, a.String()) {
		case 0:
		case confNumber:
			return "", nil
		default:
			return file, nil
		}
	}
	return "", nil
}

// Titles returns the names of the groups that may have applets: Debian and Azure Linux have two groups, Fedora and SLE have
// ip6tables as a follower in the group of iptables.
func Titles() [2]string { return [...]string{applet.IPTables.String(), applet.IP6Tables.String()} }

// Choice returns the alternative of a group that selects mode m of an installation. Debian and Fedora register iptables-nft, of
// which ip6tables-nft may be a follower; SLE 15 registers the multi-call binary. An alternative of that name in another directory,
// such as /usr/local/sbin, belongs to another iptables.
func Choice(inst *xtables.Installation, g *alternatives.Group, m mode.Mode) (alternatives.Alternative, bool) {
	a, _ := applet.Parse(g.Name) // see Titles
	files := inst.Files(a)
	for _, alternative := range g.Alternatives {
		if place, err := inst.Root.Place(alternative.Path); err == nil && files[place] == m {
			return alternative, true
		}
	}
	return alternatives.Alternative{}, false
}
