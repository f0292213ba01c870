package rootfs

import (
	"errors"
	"strings"

	"golang.org/x/sys/unix"
)

// Attr is an extended attribute of a file, such as an access control list, a security label or file capabilities.
type Attr struct{ Name, Value string }

// Attrs returns the extended attributes of a regular file that this process may see. A file system without any has none.
func (r *Root) Attrs(name string) ([]Attr, error) {
	p, err := r.find("read attributes of", name)
	if err != nil {
		return nil, err
	}
	fd, _, err := p.openRegular()
	if err != nil {
		return nil, pathError("open", name, err)
	}
	defer unix.Close(fd)
	var names, value [1 << 16]byte // XATTR_LIST_MAX and XATTR_SIZE_MAX, linux/limits.h
	n := 0
	err = retry(func() (err error) { n, err = unix.Flistxattr(fd, names[:]); return err })
	var attrs []Attr
	for rest := string(names[:max(n, 0)]); rest != "" && err == nil; {
		var attr string
		attr, rest, _ = strings.Cut(rest, "\x00")
		err = retry(func() (err error) { n, err = unix.Fgetxattr(fd, attr, value[:]); return err })
		attrs = append(attrs, Attr{attr, string(value[:max(n, 0)])})
	}
	if errors.Is(err, unix.ENOTSUP) {
		return nil, nil
	}
	return attrs, pathError("read attributes of", name, err)
}

// setAttrs gives a new file extended attributes. What a container may not set, or the file system does not have, is left out:
// a caller that depends on an attribute reads it back.
func setAttrs(fd int, attrs []Attr) error {
	for _, a := range attrs {
		err := retry(func() error { return unix.Fsetxattr(fd, a.Name, []byte(a.Value), 0) })
		if err != nil && err != unix.EPERM && err != unix.EACCES && err != unix.ENOTSUP {
			return err
		}
	}
	return nil
}
