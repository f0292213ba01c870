package scenarios

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
	"github.com/iptables-wrappers/iptables-wrappers/tools/node"
)

const (
	rootfsVariable  = "SCENARIOS_ROOTFS"
	wrapperVariable = "SCENARIOS_WRAPPER"
)

// image is what all tests share: an unpacked root file system, not to be written to, and a wrapper.
type image struct {
	root, wrapper string
}

// parts is set once, by TestMain, before any test runs; it stays empty where newHost ends every test.
var parts struct{ image }

func TestMain(m *testing.M) {
	os.Exit(runWithImage(m))
}

func runWithImage(m *testing.M) int {
	layers := os.Getenv(rootfsVariable)
	if layers == "" || os.Getuid() != 0 {
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "scenarios")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	parts.image, err = makeImage(dir, strings.Split(layers, ":"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

func makeImage(dir string, layers []string) (image, error) {
	im := image{root: filepath.Join(dir, "image"), wrapper: os.Getenv(wrapperVariable)}
	if err := os.Mkdir(im.root, 0o755); err != nil {
		return im, err
	}
	if err := os.Chmod(dir, 0o755); err != nil { // tests also run as other users
		return im, err
	}
	if err := node.Unpack(im.root, layers...); err != nil {
		return im, err
	}
	if im.wrapper == "" {
		var err error
		im.wrapper, err = needs.Build(dir, "wrapper/iptables-wrapper")
		return im, err
	}
	var err error
	im.wrapper, err = filepath.Abs(im.wrapper)
	return im, err
}

func writeFile(path string, content io.Reader, perm fs.FileMode) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err := io.Copy(f, content); err != nil {
		f.Close()
		return err
	}
	if err := f.Chmod(perm); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// clone copies the image's root file system for one test, but for /usr/share, which holds no program. Files under /usr
// are hard links to the image's: nothing writes to such a file in place.
func (im image) clone(t *testing.T) string {
	t.Helper()
	root := filepath.Join(tempDir(t), "root")
	err := filepath.WalkDir(im.root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(im.root, path)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		to := filepath.Join(root, name)
		switch {
		case name == "usr/share":
			return fs.SkipDir
		case d.IsDir():
			if err := os.Mkdir(to, 0o755); err != nil {
				return err
			}
			return os.Chmod(to, info.Mode())
		case d.Type() == fs.ModeSymlink:
			target, err := os.Readlink(path)
			if err != nil {
				return err
			}
			return os.Symlink(target, to)
		case strings.HasPrefix(name, "usr/"):
			return os.Link(path, to)
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		return writeFile(to, f, info.Mode())
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"proc", "run", "tmp", "dev"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// tempDir is t.TempDir, but open to other users.
func tempDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
