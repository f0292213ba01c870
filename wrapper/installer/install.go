// Package installer puts the wrapper in place in a root file system: the running one or an unpacked one, of any
// architecture. It starts no program of that root.
//
// It looks first and changes nothing until it knows every change; then it makes all of them or, when one fails, none.
package installer

import (
	"errors"
	"io/fs"
	"path"
	"time"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/links"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
)

// Priority is what the wrapper is registered with: above what any distribution gives its own alternatives in auto mode,
// except Azure Linux and Photon (30000), where it is selected by hand.
const Priority = 100

// maxBinary bounds a program that is read, in bytes.
const maxBinary = 64 << 20

// Options say what to install where.
type Options struct {
	Root        *rootfs.Root
	Self        string // absolute path of the wrapper binary to copy, outside Root's own paths
	SanityCheck bool   // refuse what could not work later
	NFTOnly     bool   // the root has no legacy variant on purpose: every host is in nft mode
	DryRun      bool   // change nothing
}

// Result is what was done, or would be.
type Result struct {
	Layout   Layout
	Wrapper  string // where the wrapper is, inside the root and free of links
	Changes  []Change
	Warnings []error // what could not be tidied up; the next install or first call does it
}

// Install puts the wrapper in place and points all six applets at it. A second call changes nothing; one after a pin makes
// the wrapper decide anew. With an error, nothing was changed, unless the error says otherwise.
func Install(o Options) (Result, error) {
	program, err := rootfs.Host().ReadFile(o.Self, maxBinary)
	if err != nil {
		return Result{}, errors.New("the wrapper to install: " + err.Error())
	}
	found, err := survey(o.Root)
	if err != nil {
		return Result{}, err
	}
	if o.SanityCheck {
		if err := found.check(program, o.NFTOnly); err != nil {
			return Result{}, err
		}
	}
	if !o.DryRun {
		unlock, err := lock(o.Root, found.wrapper)
		if err != nil {
			return Result{}, err
		}
		defer unlock()
	}
	p := &plan{site: found}
	p.file("copy", rootfs.Change{Path: p.wrapper, Data: program, Like: owned(0o755)})
	layout, err := p.names()
	p.forgetGuess()
	result := Result{Layout: layout, Wrapper: found.wrapper, Changes: p.changes}
	if err == nil {
		err = p.err
	}
	if err == nil && !o.DryRun {
		result.Warnings, err = p.apply()
	}
	return result, err
}

// lock waits for calls that are pinning, which takes them a millisecond, and for another install. A file system that knows
// no locks (NFS knows none for directories) is no reason not to install.
func lock(root *rootfs.Root, wrapper string) (unlock func(), err error) {
	for range 100 {
		unlock, err = root.Lock(path.Dir(wrapper))
		switch {
		case err == nil:
			return unlock, nil
		case !errors.Is(err, unix.EWOULDBLOCK):
			return func() {}, nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return nil, errors.New(err.Error() + ": another install is at work there: wait for it, then install again")
}

// apply makes every change and looks at the outcome; anything wrong takes all of it back. From Commit on, all is done, and
// what goes wrong with tidying up is only told.
func (p *plan) apply() (warnings []error, err error) {
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
		return p.tidy(tx), nil
	}
	if failed := tx.Undo(); len(failed) > 0 {
		return nil, errors.New(err.Error() + "; taking the changes back: " + failed[0].Error() + ": see to the disk, then install again")
	}
	return nil, errors.New(err.Error() + ": nothing was changed")
}

// verify follows every name to the wrapper.
func (p *plan) verify() error {
	for _, name := range p.managed {
		_, end, err := p.root.Follow(name)
		if err != nil {
			return errors.New(name + ": " + err.Error())
		}
		if path.Base(end) == links.Alts {
			a, _ := applet.Parse(path.Base(name))
			if end, err = links.Overridden(p.root, a); end == "" && err == nil {
				continue
			}
		}
		if err != nil || end != p.wrapper {
			return errors.New(name + " leads to " + end + ", not to the wrapper")
		}
	}
	return nil
}

// tidy removes what was replaced, an earlier version's marker file, and what killed installs and calls left wherever they may have worked.
func (p *plan) tidy(tx *rootfs.Tx) (warnings []error) {
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
			warnings = append(warnings, err)
		}
	}
	return warnings
}
