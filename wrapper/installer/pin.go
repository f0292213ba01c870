package installer

import (
	"errors"
	"io/fs"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/links"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/xtables"
)

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
		return errors.New(err.Error() + ": run it as root on a writable file system, or set IPTABLES_WRAPPER_MODE instead")
	}
	return errors.New(err.Error() + ": run iptables-wrapper install, then try again")
}
