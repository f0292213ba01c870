package main

import (
	"errors"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// inMemory is the compressed size in bytes up to which a base is unpacked into memory, where it takes about three times
// as much. Tests change it.
var inMemory int64 = 64 << 20

// scratch makes an empty directory for a base of this compressed size, and returns a function that removes it. If
// mounting is permitted, as in Bazel's sandbox, the directory is in memory: on a disk, creating and removing the many
// small files of a base takes longer than everything else. The mount is visible only to the calling goroutine, which
// must use and remove the directory.
func scratch(size int64) (directory string, remove func() error, err error) {
	directory, err = os.MkdirTemp("", "wrapperlayer")
	if err != nil || size > inMemory || mountMemory(directory) != nil {
		return directory, func() error { return os.RemoveAll(directory) }, err
	}
	return directory, func() error {
		return errors.Join(unix.Unmount(directory, unix.MNT_DETACH), os.Remove(directory))
	}, nil
}

func mountMemory(directory string) error {
	runtime.LockOSThread()
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return err
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	return unix.Mount("tmpfs", directory, "tmpfs", 0, "mode=0700")
}
