package container

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"golang.org/x/sys/unix"
)

// isolated is set in the environment of the program that IsolateMounts starts.
const isolated = "STRUCTURE_TEST_ISOLATED"

// IsolateMounts executes this program again, in a new mount namespace, so that no mount remains after it. A namespace of
// the calling thread is not enough, because container-structure-test starts goroutines.
func IsolateMounts() error {
	if os.Getenv(isolated) != "" {
		return os.Unsetenv(isolated)
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("unshare mount namespace: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	if err := unix.Exec("/proc/self/exe", os.Args, append(os.Environ(), isolated+"=1")); err != nil {
		return fmt.Errorf("execute this program again: %w", err)
	}
	return nil
}

// InMemory mounts a tmpfs over the directory. On a disk, creating and removing the many small files of an image would take
// most of a test's time. The limit is for a hostile image: its few compressed bytes must not fill the machine's memory.
func InMemory(dir string) error {
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "mode=0755,size=1g"); err != nil {
		return fmt.Errorf("mount tmpfs: %w", err)
	}
	return nil
}

// Discard removes the directory with its content, even if it is in memory.
func Discard(dir string) error {
	err := unix.Unmount(dir, unix.MNT_DETACH)
	// EINVAL: nothing is mounted there. EPERM: this process cannot mount.
	if err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.EPERM) {
		return fmt.Errorf("unmount %s: %w", dir, err)
	}
	return os.RemoveAll(dir)
}

// Overlay mounts a writable view of the lower directory at dir/root and returns that path. Changes stay in memory, because
// a tmpfs is a valid upper layer on any file system.
func Overlay(lower, dir string) (string, error) {
	scratch, root := filepath.Join(dir, "scratch"), filepath.Join(dir, "root")
	for _, path := range []string{scratch, root} {
		if err := os.MkdirAll(path, 0o755); err != nil {
			return "", fmt.Errorf("overlay: %w", err)
		}
	}
	if err := unix.Mount("tmpfs", scratch, "tmpfs", 0, "mode=0755"); err != nil {
		return "", fmt.Errorf("overlay: mount tmpfs: %w", err)
	}
	if err := mountOver(lower, scratch, root); err != nil {
		return "", errors.Join(err, unix.Unmount(scratch, unix.MNT_DETACH))
	}
	return root, nil
}

func mountOver(lower, scratch, root string) error {
	upper, work := filepath.Join(scratch, "upper"), filepath.Join(scratch, "work")
	for _, path := range []string{upper, work} {
		if err := os.Mkdir(path, 0o755); err != nil {
			return fmt.Errorf("overlay: %w", err)
		}
	}
	options := fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", lower, upper, work)
	if err := unix.Mount("overlay", root, "overlay", 0, options); err != nil {
		return fmt.Errorf("overlay: mount: %w", err)
	}
	return nil
}

// Release undoes Overlay.
func Release(dir string) error {
	for _, path := range []string{filepath.Join(dir, "root"), filepath.Join(dir, "scratch")} {
		if err := unix.Unmount(path, unix.MNT_DETACH); err != nil {
			return fmt.Errorf("unmount %s: %w", path, err)
		}
	}
	return nil
}
