package probe

import (
	"bytes"
	"slices"

	"golang.org/x/sys/unix"
)

// procNet is the thread's own view of /proc/net. /proc/self/net is the main thread's: a caller may have moved only this
// thread to another network namespace.
const procNet = "/proc/thread-self/net/"

// procMounted reports whether the thread's part of /proc exists, so that a file that is missing in it means something.
func procMounted() bool { return unix.Access(procNet, unix.F_OK) == nil }

const maxWanted = 32 // bytes of a string that contains looks for

// contains reports of each string whether the file at path contains it. A newline is put before the first line, so that
// "\nx" is an x at the beginning of any line. If there is an error, found is what was found before it.
func contains(path string, buf []byte, wanted ...string) (found []bool, err error) {
	found = make([]bool, len(wanted))
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return found, &probeError{path, err}
	}
	defer unix.Close(fd)
	kept := copy(buf, "\n") // the end of the text before, where a string may have begun
	for range maxReads {
		n, err := retry(func() (int, error) { return unix.Read(fd, buf[kept:]) })
		switch {
		case err != nil:
			return found, &probeError{path, err}
		case n == 0:
			return found, nil
		}
		text := buf[:kept+n]
		for i, s := range wanted {
			found[i] = found[i] || bytes.Contains(text, []byte(s))
		}
		if !slices.Contains(found, false) {
			return found, nil
		}
		kept = copy(buf, text[max(len(text)-maxWanted, 0):])
	}
	return found, &probeError{path, unix.EFBIG}
}
