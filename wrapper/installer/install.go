// Package installer installs the wrapper in a root file system: the running one or an unpacked one, of any architecture. It starts
// no program of that root. It plans every change before it makes the first one. Then it makes all of them or, if one fails, none.
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

// Priority is the wrapper's priority in alternatives systems. It is above the priorities that distributions use in auto mode,
// except on Azure Linux and Photon (30000): there the wrapper is selected manually.
const Priority = 100

// Limits of files that are read, in bytes.
const (
	maxBinary = 64 << 20
	maxText   = 1 << 16
)

// Options say what to install, and where.
type Options struct {
	Root        *rootfs.Root
	Self        string // absolute path of the wrapper binary to copy; not a path inside Root
	SanityCheck bool   // refuse an installation whose calls could not work
	NFTOnly     bool   // the root has no legacy mode on purpose: every host is in nft mode
	DryRun      bool   // change nothing
}

// Result is the outcome of an installation, or the expected outcome of a dry run.
type Result struct {
	Wrapper  string // path of the wrapper inside the root, without symlinks
	Changes  []rootfs.Change
	Warnings []error // for the user, each with its next step
}

// Install copies the wrapper into the root and points all six applets at it. A second call changes nothing. After a pin, Install
// makes the wrapper decide again. If Install returns an error, it changed nothing, unless the error says otherwise.
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

// Pin repoints the applet symlinks of an installation to mode m, even if they are pinned to the other mode. It waits for a call
// that is pinning and for another Install.
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

// lock waits for another install and for calls that are pinning, which takes a call about a millisecond. A file system that is
// read-only or does not support locks is not an error, because there may be nothing to change. Until unlock, the signals that
// would end an install are ignored, so that it completes.
func lock(inst *xtables.Installation) (unlock func(), err error) {
	dir := path.Dir(inst.Wrapper)
	for range 100 {
		restore := inherit.Ignore(unix.SIGHUP, unix.SIGINT, unix.SIGTERM)
		release, err := inst.Root.Lock(dir)
		switch {
		case err == nil:
			return func() {
				_ = release() // the next process that locks reuses whatever release leaves
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

// apply makes every change and verifies the result. If anything fails, it undoes all changes. After Commit the install is
// complete: a later failure is only a warning.
func (p *plan) apply() error {
	err := p.Apply(true)
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
	return failure(err.Error(), ": nothing was changed: correct this, then install again")
}

// verify checks that every name leads to the wrapper.
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

// tidy removes replaced files, the file of an earlier version, and the remains of killed installs and calls in every directory
// where they may have worked. It also checks that the wrapper has its file capabilities.
func (p *plan) tidy() {
	failed := []error{p.Commit()}
	for _, dir := range append(p.dirs, p.Dirs()...) {
		failed = append(failed, p.Root.Sweep(dir))
	}
	for _, err := range failed {
		// A directory that cannot be written contains no remains of a killed process either.
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, unix.EROFS) {
			p.warn(err.Error(), ": remove it manually")
		}
	}
	if wrapper, _ := p.Root.ReadFile(p.Wrapper, maxBinary); wrapper.Attrs[rootfs.Capabilities] != p.capabilities {
		p.warn("file capabilities cannot be set on ", p.Wrapper, ": ", capless)
	}
}

// failure returns an error with this text.
func failure(text ...string) error { return errors.New(strings.Join(text, "")) }
