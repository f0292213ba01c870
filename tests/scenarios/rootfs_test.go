package scenarios

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
	"github.com/iptables-wrappers/iptables-wrappers/tools/node"
)

const (
	rootfsVariable  = "SCENARIOS_ROOTFS"
	wrapperVariable = "SCENARIOS_WRAPPER"
)

// image is shared by all tests: an unpacked root file system in which the wrapper is installed, and the wrapper. No
// test writes to it.
type image struct {
	root, wrapper string
}

// parts is set once, by TestMain, before any test runs. If the tests cannot run, it stays empty, and newHost ends every
// test.
var parts struct{ image }

// The main goroutine keeps the main thread. So the network namespace of a test is never that of /proc/self, see
// TestHostOnAThread.
func init() { runtime.LockOSThread() }

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
	for _, d := range []string{"proc", "run", "tmp", "dev"} {
		if err := os.MkdirAll(filepath.Join(im.root, d), 0o755); err != nil {
			return im, err
		}
	}
	var err error
	if im.wrapper == "" {
		im.wrapper, err = needs.Build(dir, "wrapper/iptables-wrapper")
	} else {
		im.wrapper, err = filepath.Abs(im.wrapper)
	}
	if err != nil {
		return im, err
	}
	return im, im.install(im.root)
}

// install installs the wrapper with its own command line.
func (im image) install(root string) error {
	if out, err := exec.Command(im.wrapper, "install", "--root", root).CombinedOutput(); err != nil {
		return fmt.Errorf("install: %w\n%s", err, out)
	}
	return nil
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

// mountRoot mounts a root file system for one test: an overlay of the image and, for files that the test writes, a file
// system in memory. The mounts are in the namespace of the calling thread.
func (im image) mountRoot(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	// Some tests run as other users, so the directory must be accessible. A tmpfs without an explicit mode would be
	// writable by all users.
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	mount(t, "tmpfs", dir, "tmpfs", 0, "mode=0755")
	root, upper, work := filepath.Join(dir, "root"), filepath.Join(dir, "upper"), filepath.Join(dir, "work")
	for _, d := range []string{root, upper, work} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	escaped := strings.NewReplacer(`\`, `\\`, ",", `\,`, ":", `\:`) // names of subtests have commas
	mount(t, "overlay", root, "overlay", 0, "lowerdir="+escaped.Replace(im.root), "upperdir="+escaped.Replace(upper), "workdir="+escaped.Replace(work))
	return root
}
