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
	Wrapper  string // where the wrapper is, inside the root and free of symlinks
	Changes  []rootfs.Change
	Warnings []error // what the user has to know, each with its remedy
}

// Install puts the wrapper in place and points all six applets at it. A second call changes nothing; one after a pin makes
// the wrapper decide again. With an error, nothing was changed, unless the error says otherwise.
func Install(o Options) (Result, error) {
	wrapper, err := rootfs.Host().ReadFile(o.Self, maxBinary)
	if err != nil {
		return Result{}, failure("the wrapper to install: ", err.Error())
	}
	p, err := survey(o)
	if err != nil {
		return Result{}, err
	}
	if o.SanityCheck {
		if err := p.check(wrapper.Data); err != nil {
			return Result{}, err
		}
	} else if _, err := p.read(p.Modes()[0], wrapper.Data); err != nil {
		p.warnings = append(p.warnings, err)
	}
	if !o.DryRun {
		unlock, err := lock(p.Installation)
		if err != nil {
			return Result{}, err
		}
		defer unlock()
	}
	p.copy(wrapper.Data)
	p.names()
	if p.err == nil && !o.DryRun {
		p.err = p.apply()
	}
	return Result{Wrapper: p.Wrapper, Changes: p.Changes, Warnings: p.warnings}, p.err
}

// Pin repoints the applet symlinks of an installation to mode m, whatever they are pinned to. It waits for a call that is
// pinning and for an Install.
func Pin(inst *xtables.Installation, m mode.Mode) error {
	unlock, err := lock(inst)
	if err != nil {
		return err
	}
	defer unlock()
	err = links.Set(inst, m)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrPermission), errors.Is(err, unix.EROFS):
		return failure(err.Error(), ": run it as root on a writable file system, or set IPTABLES_WRAPPER_MODE instead")
	}
	return failure(err.Error(), ": run iptables-wrapper install, then try again")
}

// lock waits for calls that are pinning, which takes them a millisecond, and for another install. A file system without locks, or
// a read-only one, is no error: there may be nothing to change. Until unlock, the signals that end an install are ignored, so that
// it completes.
func lock(inst *xtables.Installation) (unlock func(), err error) {
	dir := path.Dir(inst.Wrapper)
	for range 100 {
		restore := inherit.Ignore(unix.SIGHUP, unix.SIGINT, unix.SIGTERM)
		release, err := inst.Root.Lock(dir)
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
	return nil, failure("another install is running in ", dir, ": wait for it, then install again")
}

// apply makes every change and looks at the outcome. If anything is wrong, it takes all of it back. From Commit on, the install
// is done, and what goes wrong is only a warning.
func (p *plan) apply() error {
	err := p.Apply()
	if err == nil {
		err = p.verify()
	}
	if err == nil {
		p.tidy()
		return nil
	}
	if failed := p.Undo(); failed != nil {
		return failure(err.Error(), "; taking the changes back: ", failed.Error(), ": see to the disk, then install again")
	}
	return failure(err.Error(), ": nothing was changed")
}

// verify follows every name to the wrapper.
func (p *plan) verify() error {
	for _, name := range p.managed {
		a, _ := applet.Parse(path.Base(name))
		target, err := links.Follow(p.Installation, a, name)
		if err != nil {
			return failure(name, ": ", err.Error())
		}
		if target.End != p.Wrapper {
			return failure(name, " leads to ", target.End, ", not to the wrapper")
		}
	}
	return nil
}

// tidy removes what was replaced, an earlier version's file, and what killed installs and calls left wherever they may have
// worked. And it looks whether the wrapper got its file capabilities.
func (p *plan) tidy() {
	failed := []error{p.Commit()}
	for _, dir := range append(p.dirs, p.Dirs()...) {
		failed = append(failed, p.Root.Sweep(dir))
	}
	for _, err := range failed {
		// What cannot be written now was not written by a killed one either.
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, unix.EROFS) {
			p.warn(err.Error(), ": the next install or call removes it")
		}
	}
	if wrapper, _ := p.Root.ReadFile(p.Wrapper, maxBinary); wrapper.Capabilities() != p.capabilities {
		p.warn("file capabilities cannot be set on ", p.Wrapper, ": ", capless)
	}
}

// failure returns an error with this text. It is not inlined: errors.New and + take several times as much code at each place.
//
//go:noinline
func failure(text ...string) error { return errors.New(strings.Join(text, "")) }
