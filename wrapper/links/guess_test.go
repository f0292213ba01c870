package links

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
)

func TestGuessMark(t *testing.T) {
	dir := plain("iptables-wrapper").Build(t, programs)
	for name, root := range map[string]struct {
		*rootfs.Root
		self string
	}{"unpacked": {openRoot(t, dir), self}, "running": {rootfs.Host(), dir + self}} {
		t.Run(name, func(t *testing.T) {
			if Guessed(root.Root, root.self) {
				t.Error("guessed before anybody did")
			}
			for range 2 {
				if err := MarkGuess(root.Root, root.self); err != nil || !Guessed(root.Root, root.self) {
					t.Errorf("marked: %v, %v", err, Guessed(root.Root, root.self))
				}
			}
			if info, err := root.Lstat(GuessMark(root.self)); err != nil || info.Size != 0 || info.Mode != unix.S_IFREG|0o444 {
				t.Errorf("the mark is %+v, %v", info, err)
			}
			for range 2 {
				if err := ForgetGuess(root.Root, root.self); err != nil || Guessed(root.Root, root.self) {
					t.Errorf("forgotten: %v, %v", err, Guessed(root.Root, root.self))
				}
			}
		})
	}
}

// A link in the mark's place is a mark; what it leads to is nobody's to touch.
func TestGuessMarkFollowsNoLink(t *testing.T) {
	files := plain("iptables-wrapper")
	files["victim"] = "content"
	files["usr/sbin/.iptables-wrapper.guessed@"] = "../../victim"
	dir := files.Build(t, programs)
	root := openRoot(t, dir)
	if err := MarkGuess(root, self); err != nil || !Guessed(root, self) {
		t.Errorf("%v, %v", err, Guessed(root, self))
	}
	if err := ForgetGuess(root, self); err != nil || Guessed(root, self) {
		t.Errorf("forgotten: %v", err)
	}
	if data, err := os.ReadFile(filepath.Join(dir, "victim")); err != nil || string(data) != "content" {
		t.Errorf("the target is %q, %v", data, err)
	}
}
