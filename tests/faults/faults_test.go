package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
)

const (
	layerVariable   = "FAULTS_LAYER"
	wrapperVariable = "FAULTS_WRAPPER"
	altsVariable    = "FAULTS_ALTS"
	denyVariable    = "FAULTS_DENY"
)

func TestMain(m *testing.M) {
	if errno := os.Getenv(denyVariable); errno != "" {
		deny(errno)
	}
	status := m.Run()
	if shared.dir != "" {
		_ = os.RemoveAll(shared.dir)
	}
	os.Exit(status)
}

// shared is the root file system below every test's overlay, which is unpacked once.
var shared struct{ dir, image string }

func image(t *testing.T, p parts) string {
	t.Helper()
	if shared.image == "" {
		dir, err := os.MkdirTemp("", "faults")
		if err != nil {
			t.Fatal(err)
		}
		shared.dir = dir
		if shared.image, err = unpack(dir, p); err != nil {
			t.Fatal(err)
		}
	}
	return shared.image
}

// files returns the files that Bazel built. Without Bazel, the go command builds all except the layer.
func files(t *testing.T) parts {
	t.Helper()
	needs.Machine(t, "root")
	p := parts{layer: needs.Variable(t, layerVariable), wrapper: needs.Wrapper(t, wrapperVariable), alts: os.Getenv(altsVariable)}
	if p.alts == "" {
		p.alts = filepath.Join(t.TempDir(), "alts")
		build := exec.Command("go", "build", "-o", p.alts, "./alts")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("go build: %v\n%s", err, out)
		}
	}
	var err error
	if p.alts, err = filepath.Abs(p.alts); err != nil {
		t.Fatal(err)
	}
	return p
}

// onGround calls f with an operation on a new root with Debian's layout.
func onGround(t *testing.T, operation string, f func(o *operation)) {
	t.Helper()
	p := files(t)
	lowest, dir := image(t, p), t.TempDir()
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread's namespaces and mounts end with it
		o, err := newOperation(dir, lowest, p, layouts()[0], operation)
		if err == nil {
			err = o.ground.reset()
		}
		if err == nil {
			f(o)
		}
		done <- err
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

const iptablesState = "var/lib/dpkg/alternatives/iptables"

// A state file of a megabyte must be refused quickly and with one line. A call must execute the command nevertheless.
func TestHostileStateFile(t *testing.T) {
	var hostile strings.Builder
	hostile.WriteString("auto\n/usr/sbin/iptables\n")
	for i := 0; hostile.Len() < 1<<20-100; i++ {
		name := strings.Repeat("f", 1+i%7) + strings.Repeat("x", i/7%50)
		hostile.WriteString(name + "\n/usr/sbin/" + name + "\n")
	}
	for _, name := range []string{"install", "install --root", "first call, nft"} {
		onGround(t, name, func(o *operation) {
			path := filepath.Join(o.ground.root, iptablesState)
			if err := errors.Join(os.Remove(path), os.WriteFile(path, []byte(hostile.String()), 0o644)); err != nil {
				t.Error(err)
				return
			}
			assertRefused(t, o, "more than 100 followers")
		})
	}
}

// A device or FIFO in place of a state file must not be opened: opening a device can have side effects, and opening a
// FIFO blocks.
func TestStateFileOfAnotherKind(t *testing.T) {
	for kind, mode := range map[string]uint32{"FIFO": unix.S_IFIFO, "device": unix.S_IFCHR, "socket": unix.S_IFSOCK} {
		for _, name := range []string{"install", "install --root", "first call, nft"} {
			onGround(t, name, func(o *operation) {
				path := filepath.Join(o.ground.root, iptablesState)
				if err := errors.Join(os.Remove(path), unix.Mknod(path, mode|0o644, int(unix.Mkdev(240, 7)))); err != nil {
					t.Errorf("make a %s: %v", kind, err)
					return
				}
				assertRefused(t, o, "not a regular file")
			})
		}
	}
}

// assertRefused runs the operation, which must be refused within a time limit, and logs its duration.
func assertRefused(t *testing.T, o *operation, why string) {
	t.Helper()
	before, err := o.ground.changes()
	if err != nil {
		t.Error(err)
		return
	}
	start := time.Now()
	out, err := execute(o.program)
	took := time.Since(start)
	t.Logf("%s took %v: %v", o.name, took, err)
	switch {
	case took > 2*time.Second:
		t.Errorf("%s took %v", o.name, took)
	case o.pins:
		if err != nil || !strings.Contains(out, "(nf_tables)") {
			t.Errorf("the command printed %q, %v", out, err)
		}
		return
	case err == nil || !strings.Contains(err.Error(), why) || strings.Contains(err.Error(), "\n"):
		t.Errorf("%s says %q, %v; want one line with %q", o.name, out, err, why)
	}
	after, err := o.ground.changes()
	if differs := after.against(before); err != nil || differs != "" {
		t.Errorf("it changed %s, %v", differs, err)
	}
}
