// Package machine boots a kernel in QEMU with a guest that carries out a plan.
package machine

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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

// Guest is the initial file system that a kernel boots: a program as init, and the files of an image.
type Guest struct {
	Program string               // its init, which carries out the plan: package guest
	Files   func(*Archive) error // adds what the plan's cells need to the initial file system
	Dir     string               // for temporary files
}

// Boot carries out a plan on a kernel with these modules. It calls f with each result as soon as the guest prints it. It returns the
// processor time of the emulation.
func (g Guest) Boot(ctx context.Context, k *kernel.Kernel, modules kernel.Modules, p plan.Plan, f func(plan.Result)) (time.Duration, error) {
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
	dir, err := os.MkdirTemp(g.Dir, "boot")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	vmlinuz, initrd := filepath.Join(dir, "vmlinuz"), filepath.Join(dir, "initrd")
	if err := os.WriteFile(vmlinuz, k.Image, 0o644); err != nil {
		return 0, err
	}
	if err := g.writeInitrd(initrd, modules, p); err != nil {
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

// writeInitrd writes the guest's initial file system; package guest describes its content.
func (g Guest) writeInitrd(name string, modules kernel.Modules, p plan.Plan) error {
	program, readErr := os.ReadFile(g.Program)
	index, indexErr := json.Marshal(modules)
	text, planErr := json.Marshal(p)
	if err := errors.Join(readErr, indexErr, planErr); err != nil {
		return err
	}
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	defer file.Close()
	buffered := bufio.NewWriterSize(file, 1<<20)
	a := &Archive{w: cpio.NewWriter(buffered)}
	for _, directory := range []string{"proc", "run", "scratch", "sbin", "lib", "lib/modules"} {
		a.Directory(directory, 0o755)
	}
	a.File("init", 0o755, program)
	a.File("sbin/modprobe", 0o755, program)
	a.File("plan.json", 0o644, text)
	a.File("lib/modules/index.json", 0o644, index)
	for _, name := range modules.Names() {
		a.File("lib/modules/"+name+".ko", 0o644, modules[name].Data)
	}
	return errors.Join(g.Files(a), a.err, a.w.Close(), buffered.Flush())
}
