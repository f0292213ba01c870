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
	names, err := grow(func(b []byte) (int, error) { return unix.Flistxattr(fd, b) })
	var attrs []Attr
	for name := range strings.SplitSeq(strings.TrimSuffix(names, "\x00"), "\x00") {
		var value string
		if err == nil && name != "" {
			value, err = grow(func(b []byte) (int, error) { return unix.Fgetxattr(fd, name, b) })
			attrs = append(attrs, Attr{name, value})
		}
	}
	if errors.Is(err, unix.ENOTSUP) {
		return nil, nil
	}
	return attrs, pathError("read attributes of", name, err)
}

// grow makes a system call that fills a buffer, first with a buffer that is large enough for nearly every file.
func grow(call func([]byte) (int, error)) (string, error) {
	for size := 256; ; size *= 16 {
		buf, n := make([]byte, size), 0
		err := retry(func() (err error) { n, err = call(buf); return err })
		if err != unix.ERANGE || size > 1<<16 { // XATTR_SIZE_MAX, linux/limits.h
			return string(buf[:max(n, 0)]), err
		}
	}
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
