package installer

import (
	"bytes"
	"errors"
	"path"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
)

// Change is one thing to do to the root. Paths are free of links, but for the last element.
type Change struct {
	Verb string // copy (the wrapper), write (a file of the alternatives database), link, or remove (a guess's mark)
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

// plan collects the changes that are still to be made, each path once. The first thing in the way ends it.
type plan struct {
	*site
	changes []Change
	managed []string // the six names, as the layout places them
	dirs    []string // where a change was made or would have been
	err     error
}

func (p *plan) refuse(err error) {
	if p.err == nil {
		p.err = err
	}
}

func (p *plan) add(verb string, c rootfs.Change) {
	if !p.changed(c.Path) {
		p.changes = append(p.changes, Change{verb, c})
	}
}

func (p *plan) changed(path string) bool {
	return slices.ContainsFunc(p.changes, func(c Change) bool { return c.Path == path })
}

// forgetGuess removes the marker file that a wrapper of an earlier version wrote when it guessed.
func (p *plan) forgetGuess() {
	mark := path.Join(path.Dir(p.wrapper), ".iptables-wrapper.guessed")
	if _, there := p.lstat(mark); there {
		p.add("remove", rootfs.Change{Path: mark})
	}
}

// link makes sure that the link called name leads to target. Its directory may be called by any of its names: /sbin and
// /usr/sbin are one where they are merged, and there is one link then.
func (p *plan) link(name, target string) {
	place, err := p.root.Place(name)
	if err != nil {
		p.refuse(err)
		return
	}
	p.dirs = append(p.dirs, path.Dir(place))
	_, there := p.lstat(place)
	if now, _ := p.root.Readlink(place); there && now == target {
		return
	}
	p.add("link", rootfs.Change{Path: place, Target: target})
}

// file makes sure that a file has this content, and the wrapper its permissions; a file of the database keeps its own.
func (p *plan) file(verb string, c rootfs.Change) {
	if c.Staging == "" {
		c.Staging = path.Dir(c.Path)
	}
	p.dirs = append(p.dirs, c.Staging)
	info, there := p.lstat(c.Path)
	if there && info.IsRegular() {
		if verb == "write" {
			c.Like = info
		}
		now, err := p.root.ReadFile(c.Path, maxBinary)
		if err == nil && bytes.Equal(now, c.Data) && info.Perm() == c.Like.Perm() {
			return
		}
	}
	p.add(verb, c)
}

// lstat refuses a directory where a link or a file should be: whatever is in it, it is not ours to remove.
func (p *plan) lstat(place string) (rootfs.Info, bool) {
	info, err := p.root.Lstat(place)
	if err != nil && !rootfs.Missing(err) {
		p.refuse(err)
	}
	if info.IsDir() {
		p.refuse(errors.New(place + ": is a directory where a link should be: move it away, then install again"))
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
