package installer

import (
	"bytes"
	"cmp"
	"errors"
	"path"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/links"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/xtables"
)

// plan is an install: the content of the root, and the changes that are to be made. The first obstacle ends it.
type plan struct {
	*xtables.Installation // Wrapper is its future path, beside the mode binaries
	*rootfs.Plan
	options      Options
	bundle       bool // the wrapper is outside of the standard directories: nothing else is changed
	capabilities string
	managed      []string // the names that lead to the wrapper, by the layout
	dirs         []string // where a change was made, or would have been made
	warnings     []error
	err          error
}

func (p *plan) warn(text ...string) { p.warnings = append(p.warnings, failure(text...)) }

// refuse ends the plan with err, unless err is nil or the plan has ended before.
func (p *plan) refuse(err error) {
	if p.err == nil {
		p.err = err
	}
}

// add plans a change. Install never removes the content of a directory that is in the place of a symlink or a file.
func (p *plan) add(c rootfs.Change) {
	err := p.Add(c)
	if errors.Is(err, unix.EISDIR) {
		err = failure(c.Path, ": is a directory where a symlink should be: move it away, then install again")
	}
	p.refuse(err)
}

// capless is the warning for a wrapper without the file capabilities of the mode binaries.
const capless = "the wrapper works for root, but a call of another user cannot look at the kernel and may use the wrong mode: " +
	"give both mode binaries and the wrapper the same with setcap"

// copy plans to copy the wrapper, with the file capabilities that all mode binaries have.
func (p *plan) copy(wrapper []byte) {
	for i, m := range p.Modes() {
		file, _ := p.Root.Resolve(p.Path(m, applet.IPTables))
		binary, _ := p.Root.ReadFile(file, maxBinary)
		theirs := binary.Attrs[rootfs.Capabilities]
		if i > 0 && theirs != p.capabilities {
			p.warn("the mode binaries have different file capabilities: ", capless)
			theirs = ""
		}
		p.capabilities = theirs
	}
	dir := path.Dir(p.Wrapper)
	p.dirs = append(p.dirs, dir)
	c := rootfs.Change{Verb: "copy", Path: p.Wrapper, Data: wrapper, Like: owned(0o755), Staging: dir}
	if p.capabilities != "" {
		c.Attrs = map[string]string{rootfs.Capabilities: p.capabilities}
	}
	now, err := p.Root.ReadFile(p.Wrapper, maxBinary)
	same := err == nil && now.Perm() == c.Like.Perm() && now.Attrs[rootfs.Capabilities] == p.capabilities
	if !same || !bytes.Equal(now.Data, wrapper) {
		p.add(c)
	}
}

// write plans new data for a file of an alternatives system. If it is missing or a symlink, it becomes a regular file.
func (p *plan) write(old rootfs.File, data []byte, staging string) {
	if !old.IsRegular() {
		old = rootfs.File{Path: old.Path, Info: owned(0o644)}
	}
	p.dirs = append(p.dirs, cmp.Or(staging, path.Dir(old.Path)))
	p.refuse(p.Write(old, data, staging))
}

// manage makes sure that the symlink called name leads to target, and that the chain of symlinks ends at the wrapper.
func (p *plan) manage(name, target string) {
	p.link(name, target)
	p.managed = append(p.managed, name)
}

// link makes sure that the symlink called name leads to target. name may contain any name of its directory: where /sbin and
// /usr/sbin are merged, both paths are the same symlink.
func (p *plan) link(name, target string) {
	place, err := p.Root.Place(name)
	p.refuse(err)
	if err != nil {
		return
	}
	p.dirs = append(p.dirs, path.Dir(place))
	now, notLink := p.Root.Readlink(place)
	if notLink == nil && now == target {
		return
	}
	p.add(rootfs.Change{Verb: "link", Path: place, Target: target})
	// A symlink in /etc/alternatives may lead to any file: that alternative stays in the database. Elsewhere, the file would be lost.
	alternatives, _ := p.Root.Resolve(links.AlternativesDir)
	if (notLink != nil || path.Dir(place) != alternatives) && p.foreign(place) {
		if p.options.SanityCheck {
			p.refuse(failure(place, " is neither iptables nor a wrapper: move it away, or replace it with --no-sanity-check"))
		}
		p.warn(place, " was neither iptables nor a wrapper, and is replaced")
	}
}

// foreign reports whether a file, or the target of a symlink, belongs to another program. Images of distroless-iptables contain an
// empty file in the place of iptables until a wrapper is installed.
func (p *plan) foreign(place string) bool {
	file, err := p.Root.ReadFile(place, maxBinary)
	if err != nil {
		return !rootfs.Missing(err)
	}
	return len(bytes.TrimSpace(file.Data)) > 0 && !isWrapper(file.Data) && !isIPTables(file.Data)
}

// owned returns the owner of a new file: root, or the caller if an unprivileged user unpacked the root.
func owned(mode uint32) rootfs.Info {
	if unix.Geteuid() == 0 {
		return rootfs.Info{Mode: mode}
	}
	return rootfs.Info{Mode: mode, Uid: uint32(unix.Geteuid()), Gid: uint32(unix.Getegid())}
}
