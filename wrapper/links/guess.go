package links

import (
	"errors"
	"io/fs"
	"path"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
)

// GuessMark is the file, beside the wrapper, that says: a call here has guessed. The rules of an agent whose first call guessed
// are in the guessed mode, so rules alone pin nothing any more; kubelet's chain still does.
func GuessMark(self string) string { return path.Join(path.Dir(self), ".iptables-wrapper.guessed") }

// Guessed tells whether a call has guessed here, or would have left no mark if it had: the wrapper's directory cannot be
// written, or self, the wrapper's own path, is not known.
func Guessed(root *rootfs.Root, self string) bool {
	if self == "" {
		return true
	}
	_, err := root.Lstat(GuessMark(self))
	return !errors.Is(err, fs.ErrNotExist) || !root.Writable(path.Dir(self))
}

// MarkGuess leaves the mark where none was seen (see Guessed). One that is there already does as well.
func MarkGuess(root *rootfs.Root, self string) error {
	err := root.CreateEmpty(GuessMark(self), 0o444)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

// ForgetGuess removes the mark, if there is one.
func ForgetGuess(root *rootfs.Root, self string) error {
	if _, err := root.Lstat(GuessMark(self)); errors.Is(err, fs.ErrNotExist) {
		return nil // even where it could not be removed
	}
	return root.Remove(GuessMark(self))
}
