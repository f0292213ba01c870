package installer

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
	"github.com/iptables-wrappers/iptables-wrappers/tests/roots"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
)

// Each step of an install fails in turn, and each directory that it writes to is immutable in turn. The root must not change.
func TestFailureAtEachStepLeavesTheRoot(t *testing.T) {
	needs.Machine(t, "root")
	programs := roots.Programs(t)
	dir := debian().Build(t, programs)
	dry, err := install(t, dir, func(o *Options) { o.DryRun = true })
	if err != nil || len(dry.Changes) != 9 {
		t.Fatal(dry.Changes, err)
	}
	for i, change := range dry.Changes {
		t.Run(change.String(), func(t *testing.T) {
			dir := debian().Build(t, programs)
			before := snapshot(t, dir)
			p := planned(t, dir)
			p.Changes[i].Staging = "/missing" // no file can be created there
			err := p.apply()
			if err == nil || !strings.Contains(err.Error(), "nothing was changed") {
				t.Errorf("error %v", err)
			}
			assertUnchanged(t, dir, before)
		})
	}
	for _, blocked := range []string{"usr/sbin", "etc/alternatives", "var/lib/dpkg", "var/lib/dpkg/alternatives"} {
		t.Run(blocked, func(t *testing.T) {
			dir := debian().Build(t, programs)
			before := snapshot(t, dir)
			block(t, filepath.Join(dir, blocked))
			_, err := install(t, dir)
			if err == nil || !strings.Contains(err.Error(), "nothing was changed") {
				t.Errorf("error %v", err)
			}
			assertUnchanged(t, dir, before)
		})
	}
}

// planned returns an install with all of its changes planned.
func planned(t *testing.T, dir string) *plan {
	t.Helper()
	p, err := survey(Options{Root: open(t, dir), SanityCheck: true})
	if err != nil {
		t.Fatal(err)
	}
	p.copy([]byte("the wrapper"))
	if p.names(); p.err != nil {
		t.Fatal(p.err)
	}
	return p
}

// If a name leads elsewhere after all changes, they are undone.
func TestVerifies(t *testing.T) {
	dir := debian().Build(t, roots.Programs(t))
	before := snapshot(t, dir)
	p := planned(t, dir)
	for i := range p.Changes {
		if p.Changes[i].Path == "/etc/alternatives/ip6tables-save" {
			p.Changes[i].Target = "/usr/sbin/ip6tables-nft-save"
		}
	}
	err := p.apply()
	if err == nil || !strings.Contains(err.Error(), "/usr/sbin/ip6tables-save leads to /usr/sbin/ip6tables-nft-save, not to the wrapper: nothing was changed") {
		t.Errorf("error %v", err)
	}
	assertUnchanged(t, dir, before)
}

// capability is the attribute for cap_net_admin,cap_net_raw=ep.
const capability = "\x01\x00\x00\x02\x00\x30\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"

// The wrapper has the file capabilities of the mode binaries, if both have the same.
func TestFileCapabilities(t *testing.T) {
	needs.Machine(t, "root")
	programs := roots.Programs(t)
	dir := alpine().Build(t, programs)
	set := func(name string) {
		path := filepath.Join(dir, "usr/sbin", name)
		data, err := os.ReadFile(path)
		err = errors.Join(err, os.Remove(path), os.WriteFile(path, data, 0o755), unix.Setxattr(path, "security.capability", []byte(capability), 0))
		if err != nil {
			t.Fatal(err)
		}
	}
	get := func() string {
		var value [100]byte
		n, _ := unix.Getxattr(filepath.Join(dir, "usr/sbin/iptables-wrapper"), "security.capability", value[:])
		return string(value[:max(n, 0)])
	}
	set("xtables-nft-multi")
	r, err := install(t, dir)
	if err != nil || len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0].Error(), "the mode binaries have different file capabilities: ") || get() != "" {
		t.Errorf("%v, warnings %q, capabilities %q", err, r.Warnings, get())
	}
	set("xtables-legacy-multi")
	if r := mustInstall(t, dir); len(r.Warnings) != 0 || get() != capability || len(r.Changes) != 1 {
		t.Errorf("warnings %q, capabilities %q, changes %v", r.Warnings, get(), r.Changes)
	}
	if r := mustInstall(t, dir); len(r.Changes) != 0 {
		t.Errorf("the second install changes %v", r.Changes)
	}
}

// A state file keeps its owner, permissions and extended attributes; the wrapper gets its own permissions.
func TestKeepsStateFileAttributes(t *testing.T) {
	needs.Machine(t, "root")
	dir := debian().Build(t, roots.Programs(t))
	state := filepath.Join(dir, "var/lib/dpkg/alternatives/iptables")
	if err := errors.Join(os.Chown(state, 12, 34), os.Chmod(state, 0o640), unix.Setxattr(state, "trusted.test", []byte("kept"), 0)); err != nil {
		t.Fatal(err)
	}
	assert := func(what string) {
		t.Helper()
		var st unix.Stat_t
		var value [10]byte
		n, _ := unix.Getxattr(state, "trusted.test", value[:])
		if err := unix.Stat(state, &st); err != nil || st.Mode != unix.S_IFREG|0o640 || st.Uid != 12 || st.Gid != 34 || string(value[:max(n, 0)]) != "kept" {
			t.Errorf("after %s: %o %d:%d %q, %v", what, st.Mode, st.Uid, st.Gid, value[:max(n, 0)], err)
		}
	}
	mustInstall(t, dir)
	assert("install")
	if err := pin(dir, "/usr/sbin/iptables-wrapper", applet.IPTables); err != nil {
		t.Fatal(err)
	}
	assert("pin")
	wrapper := filepath.Join(dir, "usr/sbin/iptables-wrapper")
	if err := os.Chmod(wrapper, 0o644); err != nil {
		t.Fatal(err)
	}
	mustInstall(t, dir)
	if info, err := os.Stat(wrapper); err != nil || info.Mode() != 0o755 {
		t.Errorf("the wrapper: %v, %v", info.Mode(), err)
	}
}

// block makes a directory immutable, also for root (chattr +i).
func block(t *testing.T, dir string) {
	t.Helper()
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	const immutable = 0x10 // FS_IMMUTABLE_FL, linux/fs.h
	if err := unix.IoctlSetPointerInt(fd, unix.FS_IOC_SETFLAGS, immutable); err != nil {
		t.Fatalf("make a directory immutable: %v", err)
	}
	t.Cleanup(func() { _ = unix.IoctlSetPointerInt(fd, unix.FS_IOC_SETFLAGS, 0) })
}

// A user without privileges installs into a root file system that they unpacked themselves.
func TestInstallsAsAUser(t *testing.T) {
	needs.Machine(t, "root")
	const user = 65534
	dir := debian().With(roots.Tree{"wrapper": roots.Wrapper}).Build(t, map[string]string{
		roots.NFT: copied(t, roots.Programs(t)[roots.NFT]), roots.Legacy: copied(t, roots.Programs(t)[roots.Legacy]), roots.Wrapper: copied(t, "/proc/self/exe"),
	})
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(path, user, user))
	})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread, which changed its user, ends with the goroutine
		_, _, errno := unix.RawSyscall(unix.SYS_SETRESGID, user, user, user)
		if errno == 0 {
			_, _, errno = unix.RawSyscall(unix.SYS_SETRESUID, user, user, user)
		}
		_, err := install(t, dir, func(o *Options) { o.Self = filepath.Join(dir, "wrapper") })
		if errno != 0 {
			err = errno
		}
		done <- err
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	roots.Assert(t, dir, roots.Find("Debian").Installed.With(roots.Tree{"wrapper": roots.Wrapper}))
	for _, name := range []string{"usr/sbin/iptables-wrapper", "var/lib/dpkg/alternatives/iptables"} {
		var st unix.Stat_t
		if err := unix.Stat(filepath.Join(dir, name), &st); err != nil || st.Uid != user {
			t.Errorf("%s belongs to %d, %v", name, st.Uid, err)
		}
	}
}

// copied returns a copy of a file, for trees whose owner changes.
func copied(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	name := filepath.Join(t.TempDir(), "program")
	if err := errors.Join(err, os.WriteFile(name, data, 0o755)); err != nil {
		t.Fatal(err)
	}
	return name
}
