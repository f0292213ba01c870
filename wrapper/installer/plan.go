package installer

import (
	"bytes"
	"path"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/links"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
)

// guessed is a file beside the wrapper that calls of an earlier version left.
const guessed = ".iptables-wrapper.guessed"

// Change is one thing to do to the root. Paths are free of symlinks, but for the last element.
type Change struct {
	Verb string // copy (the wrapper), write (a file of the alternatives database), link, or remove
	rootfs.Change
}

// String is the line that --dry-run prints.
func (c Change) String() string {
	line := c.Verb + " " + c.Path
	if c.Target != "" {
		line += " -> " + c.Target
	}
	return line
}

// plan collects the changes that are still to be made, each path once. The first obstacle ends it.
type plan struct {
	*site
	sane         bool // the sanity check is made
	capabilities string
	changes      []Change
	managed      []string // the names that lead to the wrapper, as the layout places them
	dirs         []string // where a change was made or would have been
	err          error
}

// refuse ends the plan if err is an obstacle and no earlier one did. Inlined, it is large.
//
//go:noinline
func (p *plan) refuse(err error) {
	if p.err == nil {
		p.err = err
	}
}

func (p *plan) add(verb string, c rootfs.Change) {
	if !slices.ContainsFunc(p.changes, func(known Change) bool { return known.Path == c.Path }) {
		p.changes = append(p.changes, Change{verb, c})
	}
}

// capless says what a wrapper without the file capabilities of the mode binaries cannot do.
const capless = "the wrapper works for root, but a call of another user cannot look at the kernel and may use the wrong mode: " +
	"give both mode binaries and the wrapper the same with setcap"

// capabilities returns a file's capabilities, byte for byte, "" if it has none.
func capabilities(root *rootfs.Root, file string) string {
	attrs, _ := root.Attrs(file)
	for _, a := range attrs {
		if a.Name == "security.capability" {
			return a.Value
		}
	}
	return ""
}

// copy plans to put the wrapper in place, with the file capabilities that all mode binaries have, and to remove what an earlier
// version left.
func (p *plan) copy(wrapper []byte) {
	for i, m := range p.modes() {
		file, _ := p.root.Resolve(p.inst.Path(m, applet.IPTables))
		theirs := capabilities(p.root, file)
		if i > 0 && theirs != p.capabilities {
			p.warn("the mode binaries have different file capabilities: ", capless)
			theirs = ""
		}
		p.capabilities = theirs
	}
	c := rootfs.Change{Path: p.wrapper, Data: wrapper, Like: owned(0o755)}
	if p.capabilities != "" {
		c.Attrs = []rootfs.Attr{{Name: "security.capability", Value: p.capabilities}}
	}
	p.file("copy", c)
	file := path.Join(path.Dir(p.wrapper), guessed)
	if _, there := p.lstat(file); there {
		p.add("remove", rootfs.Change{Path: file})
	}
}

// manage makes sure that the symlink called name leads to target, and that the wrapper is at the end.
func (p *plan) manage(name, target string) {
	p.link(name, target)
	p.managed = append(p.managed, name)
}

// link makes sure that the symlink called name leads to target. Its directory may be called by any of its names: /sbin and
// /usr/sbin are one where they are merged, and there is one symlink then.
func (p *plan) link(name, target string) {
	place, err := p.root.Place(name)
	p.refuse(err)
	if err != nil {
		return
	}
	p.dirs = append(p.dirs, path.Dir(place))
	info, there := p.lstat(place)
	if now, _ := p.root.Readlink(place); there && now == target {
		return
	}
	// A symlink in the directory of alternatives leads to whatever was registered, and stays registered.
	alternatives, _ := p.root.Resolve(links.AlternativesDir)
	if there && (info.IsRegular() || path.Dir(place) != alternatives) && p.foreign(place) {
		if p.sane {
			p.refuse(failure(place, " is neither iptables nor a wrapper: move it away, or replace it with --no-sanity-check"))
		}
		p.warn(place, " was neither iptables nor a wrapper, and is replaced")
	}
	p.add("link", rootfs.Change{Path: place, Target: target})
}

// foreign tells whether a file, or what a symlink leads to, is somebody's own program. Images of distroless-iptables have an
// empty file in the place of iptables, until a wrapper is installed.
func (p *plan) foreign(place string) bool {
	data, err := p.root.ReadFile(place, maxBinary)
	if err != nil {
		return !rootfs.Missing(err)
	}
	return len(bytes.TrimSpace(data)) > 0 && !isWrapper(data) && !isIPTables(data)
}

// file makes sure that a file has this content, and the wrapper its permissions and capabilities. A file of the database keeps its
// own, and its extended attributes.
func (p *plan) file(verb string, c rootfs.Change) {
	if c.Staging == "" {
		c.Staging = path.Dir(c.Path)
	}
	p.dirs = append(p.dirs, c.Staging)
	info, there := p.lstat(c.Path)
	if there && info.IsRegular() {
		same := capabilities(p.root, c.Path) == p.capabilities
		if verb == "write" {
			attrs, err := p.root.Attrs(c.Path)
			p.refuse(err)
			c.Attrs, c.Like, same = attrs, info, true
		}
		now, err := p.root.ReadFile(c.Path, maxBinary)
		if err == nil && bytes.Equal(now, c.Data) && info.Perm() == c.Like.Perm() && same {
			return
		}
	}
	p.add(verb, c)
}

// lstat refuses a directory where a symlink or a file should be: install never removes its content.
func (p *plan) lstat(place string) (rootfs.Info, bool) {
	info, err := p.root.Lstat(place)
	if !rootfs.Missing(err) {
		p.refuse(err)
	}
	if info.IsDir() {
		p.refuse(failure(place, ": is a directory where a symlink should be: move it away, then install again"))
	}
	return info, err == nil
}

// owned is how a new file shall be: root's, or the caller's own where an unprivileged user unpacked the root.
func owned(mode uint32) rootfs.Info {
	if unix.Geteuid() == 0 {
		return rootfs.Info{Mode: mode}
	}
	return rootfs.Info{Mode: mode, Uid: uint32(unix.Geteuid()), Gid: uint32(unix.Getegid())}
}
