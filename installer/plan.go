package installer

import (
	"bytes"
	"errors"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
)

// Kind says what a Change does.
type Kind int

// The kinds of changes.
const (
	Copy  Kind = iota // the wrapper itself
	Write             // a file of the alternatives database
	Link              // a symbolic link
)

// Change is one thing to do to the root. Paths are free of links, but for the last element.
type Change struct {
	Kind   Kind
	Path   string
	Target string // of a Link
	Data   []byte // of a Copy or Write

	like    rootfs.Info
	staging string
}

// String is the line that --dry-run prints.
func (c Change) String() string {
	switch c.Kind {
	case Copy:
		return "copy " + c.Path
	case Write:
		return "write " + c.Path
	}
	return "link " + c.Path + " -> " + c.Target
}

func (c Change) apply(tx *rootfs.Tx) error {
	if c.Kind == Link {
		return tx.Link(c.Path, c.Target)
	}
	return tx.File(c.Path, c.Data, c.like, c.staging)
}

// plan collects the changes that are still to be made, each path once. The first thing in the way ends it.
type plan struct {
	root    *rootfs.Root
	wrapper string
	changes []Change
	managed []string // the six names, as the layout places them
	err     error
}

func (p *plan) refuse(err error) {
	if p.err == nil {
		p.err = err
	}
}

func (p *plan) add(c Change) {
	for _, old := range p.changes {
		if old.Path == c.Path {
			return
		}
	}
	p.changes = append(p.changes, c)
}

// program copies the wrapper.
func (p *plan) program(data []byte) {
	p.file(Change{Kind: Copy, Path: p.wrapper, Data: data, like: owned(0o755)})
}

// link makes sure that the link called name leads to target. Its directory may be called by any of its names: /sbin and
// /usr/sbin are one where they are merged, and there is one link then.
func (p *plan) link(name, target string) {
	place, err := p.root.Place(name)
	if err != nil {
		p.refuse(err)
		return
	}
	if _, there := p.lstat(place); there {
		if now, err := p.root.Readlink(place); err == nil && now == target {
			return
		}
	}
	p.add(Change{Kind: Link, Path: place, Target: target})
}

// file makes sure that a file has this content, and the wrapper its permissions.
func (p *plan) file(c Change) {
	info, there := p.lstat(c.Path)
	if there && info.IsRegular() && (c.Kind == Write || info.Perm() == c.like.Perm()) {
		now, err := p.root.ReadFile(c.Path, maxBinary)
		if err == nil && bytes.Equal(now, c.Data) {
			return
		}
	}
	p.add(c)
}

// lstat refuses a directory where a link or a file should be: whatever is in it, it is not ours to remove.
func (p *plan) lstat(place string) (rootfs.Info, bool) {
	info, err := p.root.Lstat(place)
	there, err := exists(err)
	if err != nil {
		p.refuse(err)
	}
	if there && info.IsDir() {
		p.refuse(&problem{place + ": ", errDirectory, ""})
	}
	return info, there
}

var errDirectory = errors.New("is a directory where a link should be: move it away, then install again")

// owned is how a new file shall be: root's, or the caller's own where an unprivileged user unpacked the root.
func owned(mode uint32) rootfs.Info {
	if unix.Geteuid() == 0 {
		return rootfs.Info{Mode: mode}
	}
	return rootfs.Info{Mode: mode, UID: unix.Geteuid(), GID: unix.Getegid()}
}
