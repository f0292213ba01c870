package main

import (
	"errors"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// inMemory is the size, in compressed bytes, up to which a base is unpacked into memory. It takes about three times as much there. Tests
// change it.
var inMemory int64 = 64 << 20

// scratch makes an empty folder for a base of this compressed size, and returns how to be rid of it. It is in memory where
// mounts may be made, as in Bazel's sandbox: of a file system on a disk, making and removing a base's many small files takes
// longer than all else. The mount is seen, and the folder has to be used and removed, by the calling goroutine alone.
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
