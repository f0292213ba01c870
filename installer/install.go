// Package installer puts the wrapper in place in a root file system: the running one or an unpacked one, of any
// architecture. It starts no program of that root.
//
// It looks first and changes nothing until it knows every change; then it makes all of them or, when one fails, none.
package installer

import (
	"errors"
	"io"
	"io/fs"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
)

// Name is the wrapper's own name, beside the mode binaries.
const Name = "iptables-wrapper"

// Priority is what the wrapper is registered with: above what any distribution gives its own alternatives in auto mode,
// except Azure Linux and Photon (30000), where it is selected by hand.
const Priority = 100

// maxBinary bounds a program that is read, in bytes.
const maxBinary = 64 << 20

// Options say what to install where.
type Options struct {
	Root        *rootfs.Root
	Self        string    // absolute path of the wrapper binary to copy, outside Root's own paths
	SanityCheck bool      // refuse what could not work later
	DryRun      bool      // say what would be changed, on Out, and change nothing
	Out         io.Writer // one line for each change; needed for DryRun only
}

// Result is what was done, or would be.
type Result struct {
	Layout  Layout
	Wrapper string // where the wrapper is, inside the root and free of links
	Changes []Change
}

// Install puts the wrapper in place and points all six applets at it. A second call changes nothing; one after a pin makes
// the wrapper decide anew.
func Install(o Options) (Result, error) {
	program, err := rootfs.Host().ReadFile(o.Self, maxBinary)
	if err != nil {
		return Result{}, &problem{"the wrapper to install: ", err, ""}
	}
	found, err := survey(o.Root)
	if err != nil {
		return Result{}, err
	}
	if o.SanityCheck {
		if err := found.check(program); err != nil {
			return Result{}, err
		}
	}
	p := &plan{root: o.Root, wrapper: found.wrapper}
	p.program(program)
	layout, err := p.names(found)
	result := Result{Layout: layout, Wrapper: found.wrapper, Changes: p.changes}
	if err == nil {
		err = p.err
	}
	if err != nil {
		return result, err
	}
	if o.DryRun {
		for _, change := range p.changes {
			if _, err := io.WriteString(o.Out, change.String()+"\n"); err != nil {
				return result, err
			}
		}
		return result, nil
	}
	return result, p.apply()
}

// apply makes every change and looks at the outcome; anything wrong takes all of it back.
func (p *plan) apply() error {
	tx := p.root.Begin()
	err := func() error {
		for _, change := range p.changes {
			if err := change.apply(tx); err != nil {
				return err
			}
		}
		return p.verify()
	}()
	if err == nil {
		return tx.Commit()
	}
	if undoErr := tx.Undo(); undoErr != nil {
		return &problem{err.Error() + "; taking the changes back: ", undoErr, ": unpack the root again"}
	}
	return &problem{"", err, ": nothing was changed"}
}

// verify follows every name to the wrapper.
func (p *plan) verify() error {
	for _, name := range p.managed {
		_, end, err := p.root.Follow(name)
		if err != nil {
			return &problem{name + ": ", err, ""}
		}
		if end != p.wrapper && applet.Base(end) != altsName {
			return errors.New(name + " leads to " + end + ", not to the wrapper")
		}
	}
	return nil
}

// exists tells of an error from Lstat and the like whether there is something; anything but "not there" is an error.
func exists(err error) (bool, error) {
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}
