package rootfs

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// xattrRecord is the prefix of PAX records that carry extended attributes (GNU tar, star and libarchive write them so).
const xattrRecord = "SCHILY.xattr."

// extract creates one entry. It replaces an existing file, but a directory stays a directory.
func (t *Tree) extract(content io.Reader, header *tar.Header, target string) error {
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	if info, err := os.Lstat(target); err == nil && !(info.IsDir() && header.Typeflag == tar.TypeDir) {
		if err := os.RemoveAll(target); err != nil {
			return err
		}
	}
	switch header.Typeflag {
	case tar.TypeDir:
		if err := os.Mkdir(target, 0o700); err != nil && !os.IsExist(err) {
			return err
		}
	case tar.TypeReg:
		if err := writeFile(target, content); err != nil {
			return err
		}
	case tar.TypeSymlink:
		if err := os.Symlink(header.Linkname, target); err != nil {
			return err
		}
	case tar.TypeLink:
		return t.link(header, target)
	case tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
		made, err := makeNode(header, target)
		if err != nil || !made {
			return err
		}
	default:
		return fmt.Errorf("entry of type %q cannot be unpacked", header.Typeflag)
	}
	return t.setAttributes(header, target)
}

func writeFile(target string, content io.Reader) error {
	file, err := os.OpenFile(target, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if _, err := io.Copy(file, content); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}

func (t *Tree) link(header *tar.Header, target string) error {
	source, err := t.resolve(header.Linkname)
	if err != nil {
		return err
	}
	if err := os.Link(source, target); err != nil {
		return err
	}
	t.owners[target] = t.owners[source]
	return nil
}

// makeNode reports whether it created the node. Device files need a privilege that a sandbox may lack, and the engine
// creates the devices of a container in /dev.
func makeNode(header *tar.Header, target string) (bool, error) {
	kinds := map[byte]uint32{tar.TypeChar: unix.S_IFCHR, tar.TypeBlock: unix.S_IFBLK, tar.TypeFifo: unix.S_IFIFO}
	err := unix.Mknod(target, kinds[header.Typeflag]|0o600, int(unix.Mkdev(uint32(header.Devmajor), uint32(header.Devminor))))
	if errors.Is(err, unix.EPERM) {
		return false, nil
	}
	return err == nil, err
}

// setAttributes sets the entry's owner, mode, extended attributes and time. The order matters: a change of owner clears
// setuid bits and file capabilities.
func (t *Tree) setAttributes(header *tar.Header, target string) error {
	t.owners[target] = owner{header.Uid, header.Gid}
	err := os.Lchown(target, header.Uid, header.Gid)
	// EPERM: not root. EINVAL: root in a user namespace that does not map this owner. Tree.owners contains the owner.
	if err != nil && !errors.Is(err, unix.EPERM) && !errors.Is(err, unix.EINVAL) {
		return err
	}
	if header.Typeflag == tar.TypeSymlink {
		return setTime(header, target)
	}
	if err := unix.Chmod(target, uint32(header.Mode)&0o7777); err != nil {
		return err
	}
	for record, value := range header.PAXRecords {
		name, ok := strings.CutPrefix(record, xattrRecord)
		if !ok {
			continue
		}
		err := unix.Lsetxattr(target, name, []byte(value), 0)
		if err != nil && !errors.Is(err, unix.EPERM) && !errors.Is(err, unix.ENOTSUP) {
			return fmt.Errorf("set %s: %w", name, err)
		}
	}
	if header.Typeflag == tar.TypeDir {
		return nil // its time is set after its layer
	}
	return setTime(header, target)
}

func setTime(header *tar.Header, target string) error {
	stamp := unix.NsecToTimespec(header.ModTime.UnixNano())
	if header.ModTime.Before(time.Unix(0, 0)) {
		stamp = unix.Timespec{}
	}
	return unix.UtimesNanoAt(unix.AT_FDCWD, target, []unix.Timespec{stamp, stamp}, unix.AT_SYMLINK_NOFOLLOW)
}
