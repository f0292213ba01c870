package rootfs

import (
	"errors"
	"strings"

	"golang.org/x/sys/unix"
)

// Info is what stat(2) says of a file, as far as anybody here asks.
type Info struct {
	Mode     uint32 // file type and permissions, as in st_mode
	UID, GID int
	Size     int64 // bytes
	Dev, Ino uint64
}

// IsLink tells whether it is a symbolic link.
func (i Info) IsLink() bool { return i.Mode&unix.S_IFMT == unix.S_IFLNK }

// IsDir tells whether it is a directory.
func (i Info) IsDir() bool { return i.Mode&unix.S_IFMT == unix.S_IFDIR }

// IsRegular tells whether it is a regular file.
func (i Info) IsRegular() bool { return i.Mode&unix.S_IFMT == unix.S_IFREG }

// Perm is the permission bits, with set-user-ID, set-group-ID and sticky.
func (i Info) Perm() uint32 { return i.Mode & 0o7777 }

// Lstat describes name itself, a link as a link.
func (r *Root) Lstat(name string) (Info, error) {
	dirfd, base, done, err := r.at(name)
	if err != nil {
		return Info{}, pathError("lstat", name, err)
	}
	defer done()
	var st unix.Stat_t
	if err := unix.Fstatat(dirfd, base, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return Info{}, pathError("lstat", name, err)
	}
	return info(&st), nil
}

// Stat describes what name leads to.
func (r *Root) Stat(name string) (Info, error) {
	var st unix.Stat_t
	if r.host {
		err := unix.Stat(name, &st)
		return info(&st), pathError("stat", name, err)
	}
	fd, err := r.open(name, unix.O_PATH)
	if err != nil {
		return Info{}, pathError("stat", name, err)
	}
	defer unix.Close(fd)
	err = unix.Fstat(fd, &st)
	return info(&st), pathError("stat", name, err)
}

func info(st *unix.Stat_t) Info {
	return Info{
		Mode: st.Mode, UID: int(st.Uid), GID: int(st.Gid), Size: st.Size,
		Dev: uint64(st.Dev), Ino: st.Ino,
	}
}

// Writable tells whether this process may create files in dir.
func (r *Root) Writable(dir string) bool {
	dirfd, base, done, err := r.at(dir)
	if err != nil {
		return false
	}
	defer done()
	return unix.Faccessat(dirfd, base, unix.W_OK|unix.X_OK, 0) == nil
}

// Readlink returns the target of a link. Of anything else the error is EINVAL.
func (r *Root) Readlink(name string) (string, error) {
	dirfd, base, done, err := r.at(name)
	if err != nil {
		return "", pathError("readlink", name, err)
	}
	defer done()
	var buf [unix.PathMax]byte
	n, err := unix.Readlinkat(dirfd, base, buf[:])
	if err != nil {
		return "", pathError("readlink", name, err)
	}
	return string(buf[:n]), nil
}

// ReadFile returns the content of a regular file, which may be a link's. More than limit bytes is the error EFBIG.
func (r *Root) ReadFile(name string, limit int64) ([]byte, error) {
	// O_NONBLOCK: opening a FIFO that somebody left in the place of a file must not hang.
	fd, err := r.open(name, unix.O_RDONLY|unix.O_NONBLOCK)
	if err != nil {
		return nil, pathError("open", name, err)
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, pathError("stat", name, err)
	}
	switch {
	case st.Mode&unix.S_IFMT == unix.S_IFDIR:
		return nil, pathError("read", name, unix.EISDIR)
	case st.Mode&unix.S_IFMT != unix.S_IFREG:
		return nil, pathError("read", name, unix.EINVAL)
	case st.Size > limit:
		return nil, pathError("read", name, unix.EFBIG)
	}
	data := make([]byte, 0, st.Size+1)
	for {
		if len(data) == cap(data) {
			data = append(data, 0)[:len(data)]
		}
		n, err := retry(func() (int, error) { return unix.Read(fd, data[len(data):cap(data)]) })
		if err != nil {
			return nil, pathError("read", name, err)
		}
		data = data[:len(data)+n]
		if n == 0 {
			return data, nil
		}
		if int64(len(data)) > limit {
			return nil, pathError("read", name, unix.EFBIG)
		}
	}
}

// Resolve returns the path inside the root that name leads to, without any link in it. It must exist.
func (r *Root) Resolve(name string) (string, error) {
	resolved := "/"
	rest := name
	for links := 0; ; {
		rest = strings.TrimLeft(rest, "/")
		if rest == "" {
			return resolved, r.exists(name, resolved)
		}
		element, after, more := strings.Cut(rest, "/")
		rest = after
		switch element {
		case ".":
			continue
		case "..":
			resolved, _ = Split(resolved)
			continue
		}
		next := Join(resolved, element)
		target, err := r.Readlink(next)
		if errors.Is(err, unix.EINVAL) {
			resolved = next
			continue
		}
		if err != nil {
			return "", err
		}
		if links++; links > maxLinks {
			return "", pathError("resolve", name, unix.ELOOP)
		}
		if more {
			target += "/" + rest
		}
		if strings.HasPrefix(target, "/") {
			resolved = "/"
		}
		rest = target
	}
}

// exists tells of a resolved path whether the walk really ended there: "file/.." resolves by spelling, but not in the kernel.
func (r *Root) exists(name, resolved string) error {
	_, err := r.Lstat(resolved)
	if err != nil {
		return pathError("resolve", name, unix.ENOENT)
	}
	return nil
}

// Place returns where name itself is: its directory resolved, its last element as it is, be it a link, a file, or nothing.
func (r *Root) Place(name string) (string, error) {
	dir, base := Split(name)
	dir, err := r.Resolve(dir)
	if err != nil {
		return "", err
	}
	return Join(dir, base), nil
}

// Follow walks the chain of links that begins at name. last is the place of the chain's last link, empty when name is no
// link; end is the place that it leads to, which need not exist (err is ENOENT then, with last and end set).
func (r *Root) Follow(name string) (last, end string, err error) {
	end = name
	for links := 0; links <= maxLinks; links++ {
		if _, base := Split(end); base == "" || base == "." || base == ".." {
			end, err = r.Resolve(end)
			return last, end, err
		}
		if end, err = r.Place(end); err != nil {
			return last, end, err
		}
		target, err := r.Readlink(end)
		if errors.Is(err, unix.EINVAL) {
			return last, end, nil
		}
		if err != nil {
			return last, end, err
		}
		last = end
		if strings.HasPrefix(target, "/") {
			end = target
		} else {
			dir, _ := Split(end)
			end = Join(dir, target)
		}
	}
	return last, end, pathError("follow", name, unix.ELOOP)
}
