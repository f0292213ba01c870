package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/cavaliergopher/cpio"

	"github.com/iptables-wrappers/iptables-wrappers/tests/kernels/kernel"
	"github.com/iptables-wrappers/iptables-wrappers/tests/kernels/plan"
)

// silence is the longest time between two results of a guest. A cell takes a second, or ten on a busy machine. The
// hand-over cell with its signals takes some minutes on the slowest emulated processor.
const silence = 20 * time.Minute

// image is a container image, and the program that executes plans with it, for one architecture.
type image struct {
	architecture kernel.Architecture
	guest        string // the program
	files        string // directory with the image's files
	dir          string // for temporary files
}

// boot executes a plan on a kernel with these modules. It calls f with each result as soon as it arrives, and returns
// the processor time of the emulation.
func (v image) boot(ctx context.Context, k *kernel.Kernel, modules kernel.Modules, p plan.Plan, f func(plan.Result)) (time.Duration, error) {
	architecture, err := k.Architecture()
	if err != nil {
		return 0, err
	}
	hardware, err := hardwareOf(architecture)
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	watch := time.AfterFunc(silence, cancel)
	defer watch.Stop()
	dir, err := os.MkdirTemp(v.dir, "boot")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	vmlinuz, initrd := filepath.Join(dir, "vmlinuz"), filepath.Join(dir, "initrd")
	if err := os.WriteFile(vmlinuz, k.Image, 0o644); err != nil {
		return 0, err
	}
	if err := v.writeInitrd(initrd, modules, p); err != nil {
		return 0, err
	}
	cmd := exec.CommandContext(ctx, hardware.program, append(hardware.args, "-accel", "tcg", "-m", "768",
		"-nographic", "-no-reboot", "-kernel", vmlinuz, "-initrd", initrd,
		"-append", "console="+hardware.console+" quiet loglevel=1 panic=-1 rcupdate.rcu_expedited=1 "+hardware.append)...)
	// The guest must end if this program ends for any reason. The kernel sends the parent-death signal when the thread
	// ends, not the process.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	console, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	got, noise, err := results(console, func(r plan.Result) {
		watch.Reset(silence)
		f(r)
	})
	if err != nil {
		cancel()
	}
	if waited := cmd.Wait(); err == nil && waited != nil {
		err = fmt.Errorf("%s: %w: %s", hardware.program, waited, strings.TrimSpace(stderr.String()))
	}
	if err == nil && got != len(p.Cells) {
		err = errors.New("the guest ended early")
	}
	if err != nil {
		return 0, fmt.Errorf("%d of %d cells done: %w; its console said:\n%s", got, len(p.Cells), err, noise)
	}
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), nil
}

// results reads a console to its end. It returns the number of results, and all other output.
func results(console io.Reader, f func(plan.Result)) (got int, noise string, err error) {
	lines := bufio.NewScanner(console)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		_, text, is := strings.Cut(lines.Text(), plan.Prefix)
		if !is {
			noise += lines.Text() + "\n"
			continue
		}
		var r plan.Result
		if err := json.Unmarshal([]byte(strings.TrimSpace(text)), &r); err != nil {
			return got, noise, fmt.Errorf("result %q: %w", text, err)
		}
		got++
		f(r)
	}
	return got, noise, lines.Err()
}

// writeInitrd writes the guest's initial file system, which package guest describes.
func (v image) writeInitrd(name string, modules kernel.Modules, p plan.Plan) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	defer file.Close()
	buffered := bufio.NewWriterSize(file, 1<<20)
	w := cpio.NewWriter(buffered)
	put := func(name string, mode cpio.FileMode, data []byte) {
		if err == nil {
			err = w.WriteHeader(&cpio.Header{Name: name, Mode: mode, Size: int64(len(data)), Links: 1})
		}
		if err == nil {
			_, err = w.Write(data)
		}
	}
	program, readErr := os.ReadFile(v.guest)
	index, indexErr := json.Marshal(modules)
	text, planErr := json.Marshal(p)
	if err := errors.Join(readErr, indexErr, planErr); err != nil {
		return err
	}
	for _, directory := range []string{"proc", "run", "scratch", "sbin", "lib", "lib/modules", "image"} {
		put(directory, cpio.TypeDir|0o755, nil)
	}
	put("init", cpio.TypeReg|0o755, program)
	put("sbin/modprobe", cpio.TypeReg|0o755, program)
	put("plan.json", cpio.TypeReg|0o644, text)
	put("lib/modules/index.json", cpio.TypeReg|0o644, index)
	for _, name := range modules.Names() {
		put("lib/modules/"+name+".ko", cpio.TypeReg|0o644, modules[name].Data)
	}
	walked := filepath.WalkDir(v.files, func(path string, d fs.DirEntry, walkErr error) error {
		if walkErr != nil {
			return walkErr
		}
		inside, err2 := filepath.Rel(v.files, path)
		if err2 != nil || inside == "." {
			return err2
		}
		if inside == "usr/share" { // no program is there
			return fs.SkipDir
		}
		return v.add(path, "image/"+inside, d, put)
	})
	return errors.Join(err, walked, w.Close(), buffered.Flush())
}

func (v image) add(path, name string, d fs.DirEntry, put func(string, cpio.FileMode, []byte)) error {
	info, err := d.Info()
	if err != nil {
		return err
	}
	switch mode := cpio.FileMode(info.Mode().Perm()); {
	case d.IsDir():
		if info.Mode()&fs.ModeSticky != 0 {
			mode |= 0o1000
		}
		put(name, cpio.TypeDir|mode, nil)
	case info.Mode().IsRegular():
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		put(name, cpio.TypeReg|mode, data)
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := os.Readlink(path)
		if err != nil {
			return err
		}
		put(name, cpio.TypeSymlink|0o777, []byte(target))
	}
	return nil
}
