// Package installer puts the wrapper in place in a root file system: the running one or an unpacked one, of any
// architecture. It starts no program of that root.
//
// It looks first and changes nothing until it knows every change; then it makes all of them or, when one fails, none.
package installer

import (
	"errors"
	"io/fs"
	"path"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/inherit"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/links"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/xtables"
)

// Priority is what the wrapper is registered with: above what any distribution gives its own alternatives in auto mode,
// except Azure Linux and Photon (30000), where it is selected by hand.
const Priority = 100

// Bounds of what is read, in bytes.
const (
	maxBinary = 64 << 20
	maxText   = 1 << 16
)

// Options say what to install where.
type Options struct {
	Root        *rootfs.Root
	Self        string // absolute path, outside Root's own paths, of the wrapper binary to copy
	SanityCheck bool   // refuse what could not work later
	NFTOnly     bool   // the root has no legacy variant on purpose: every host is in nft mode
	DryRun      bool   // change nothing
}

// Result is what was done, or would be.
type Result struct {
	Layout   Layout
	Wrapper  string // where the wrapper is, inside the root and free of symlinks
	Changes  []Change
	Warnings []error // what the user has to know, each with its remedy
}

// Install puts the wrapper in place and points all six applets at it. A second call changes nothing; one after a pin makes
// the wrapper decide again. With an error, nothing was changed, unless the error says otherwise.
func Install(o Options) (Result, error) {
	wrapper, err := rootfs.Host().ReadFile(o.Self, maxBinary)
	if err != nil {
		return Result{}, failure("the wrapper to install: ", err.Error())
	}
	found, err := survey(o.Root, o.Self)
	if err != nil {
		return Result{}, err
	}
	if o.SanityCheck {
		if err := found.check(wrapper, o.NFTOnly); err != nil {
			return Result{}, err
		}
	} else if _, _, _, err := found.read(found.modes()[0], wrapper); err != nil {
		found.warnings = append(found.warnings, err)
	}
	if !o.DryRun {
		unlock, err := lock(o.Root, found.wrapper)
		if err != nil {
			return Result{}, err
		}
		defer unlock()
	}
	p := &plan{site: found, sane: o.SanityCheck}
	p.copy(wrapper)
	layout := p.names()
	if p.err == nil && !o.DryRun {
		p.err = p.apply()
	}
	return Result{Layout: layout, Wrapper: p.wrapper, Changes: p.changes, Warnings: p.warnings}, p.err
}

// Pin repoints the applet symlinks of an installation to mode m, whatever they are pinned to. It waits for a call that is
// pinning and for an Install. wrapper is the path of the installed wrapper.
func Pin(root *rootfs.Root, wrapper string, inst xtables.Installation, m mode.Mode) error {
	unlock, err := lock(root, wrapper)
	if err != nil {
		return err
	}
	defer unlock()
	err = links.Set(root, wrapper, inst, m)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrPermission), errors.Is(err, unix.EROFS):
		return failure(err.Error(), ": run it as root on a writable file system, or set IPTABLES_WRAPPER_MODE instead")
	}
	return failure(err.Error(), ": run iptables-wrapper install, then try again")
}

// lock waits for calls that are pinning, which takes them a millisecond, and for another install. A file system that knows
// no locks, or that is read-only, is no reason not to install: there may be nothing to change. Until unlock, the signals that end an
// install are ignored, so that it completes.
func lock(root *rootfs.Root, wrapper string) (unlock func(), err error) {
	for range 100 {
		restore := inherit.Ignore(unix.SIGHUP, unix.SIGINT, unix.SIGTERM)
		release, err := root.Lock(path.Dir(wrapper))
		switch {
		case err == nil:
			return func() {
				_ = release() // of what is left of it, the next holder makes use
				restore()
			}, nil
		case !errors.Is(err, unix.EWOULDBLOCK):
			return restore, nil
		}
		restore()
		time.Sleep(50 * time.Millisecond)
	}
	return nil, failure("another install is running in ", path.Dir(wrapper), ": wait for it, then install again")
}

// apply makes every change and looks at the outcome. If anything is wrong, it takes all of it back. From Commit on, the install
// is done, and what goes wrong is only a warning.
func (p *plan) apply() (err error) {
	tx := p.root.Begin()
	for _, change := range p.changes {
		if change.Verb != "remove" && err == nil {
			err = tx.Replace(change.Change)
		}
	}
	if err == nil {
		err = p.verify()
	}
	if err == nil {
		p.tidy(tx)
		return nil
	}
	if failed := tx.Undo(); len(failed) > 0 {
		return failure(err.Error(), "; taking the changes back: ", failed[0].Error(), ": see to the disk, then install again")
	}
	return failure(err.Error(), ": nothing was changed")
}

// verify follows every name to the wrapper.
func (p *plan) verify() error {
	for _, name := range p.managed {
		_, end, err := p.root.Follow(name)
		if err != nil {
			return failure(name, ": ", err.Error())
		}
		if path.Base(end) == links.Alts {
			a, _ := applet.Parse(path.Base(name))
			if end, err = links.Overridden(p.root, a); end == "" && err == nil {
				continue
			}
		}
		if err != nil || end != p.wrapper {
			return failure(name, " leads to ", end, ", not to the wrapper")
		}
	}
	return nil
}

// tidy removes what was replaced, an earlier version's file, and what killed installs and calls left wherever they may have
// worked. And it looks whether the wrapper got its file capabilities.
func (p *plan) tidy(tx *rootfs.Tx) {
	failed := []error{tx.Commit()}
	for _, change := range p.changes {
		if change.Verb == "remove" {
			failed = append(failed, p.root.Remove(change.Path))
		}
	}
	for _, dir := range append(p.dirs, links.Dirs(p.root, p.wrapper)...) {
		failed = append(failed, p.root.Sweep(dir))
	}
	for _, err := range failed {
		// What cannot be written now was not written by a killed one either.
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, unix.EROFS) {
			p.warn(err.Error(), ": the next install or call removes it")
		}
	}
	if capabilities(p.root, p.wrapper) != p.capabilities {
		p.warn("file capabilities cannot be set on ", p.wrapper, ": ", capless)
	}
}

// failure returns an error with this text. It is not inlined: errors.New and + take several times as much code at each place.
//
//go:noinline
func failure(text ...string) error { return errors.New(strings.Join(text, "")) }
