package container

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	securejoin "github.com/cyphar/filepath-securejoin"
	"github.com/moby/profiles/seccomp"
	"github.com/opencontainers/runtime-spec/specs-go"
)

// Options are the differences between a container and Docker's defaults.
type Options struct {
	User         string // as for docker run --user; empty: root
	Workdir      string // empty: /
	Env          []string
	Privileged   bool
	Capabilities []string          // see all
	BindMounts   []string          // SOURCE:DESTINATION[:ro|rw]
	Volumes      map[string]string // DESTINATION to the directory that is its content
}

// all reports whether the container has all capabilities, without masked paths and refused system calls. Docker gives these
// to a privileged container. It ignores the capabilities that a structure test names. So a test must ask for privileges; if
// it also names capabilities, the container here has only those.
func (o Options) all() bool {
	return o.Privileged && len(o.Capabilities) == 0
}

const hostname = "structure-test"

// newSpec describes a container with the root file system, as Docker would run it, but without resource limits. Those need
// cgroups, which most sandboxes do not let a process change.
func newSpec(root, dir string, command []string, options Options) (*specs.Spec, error) {
	user, err := lookUp(root, options.User)
	if err != nil {
		return nil, err
	}
	groups := make([]uint32, len(user.Sgids))
	for i, group := range user.Sgids {
		groups[i] = uint32(group)
	}
	granted, err := capabilities(options)
	if err != nil {
		return nil, err
	}
	mounts, err := mounts(dir, options)
	if err != nil {
		return nil, err
	}
	workdir := options.Workdir
	if workdir == "" {
		workdir = "/"
	}
	spec := &specs.Spec{
		Version:  specs.Version,
		Hostname: hostname,
		Root:     &specs.Root{Path: root},
		Mounts:   mounts,
		Process: &specs.Process{
			User:         specs.User{UID: uint32(user.Uid), GID: uint32(user.Gid), AdditionalGids: groups},
			Args:         command,
			Env:          environment(options, user.Home),
			Cwd:          workdir,
			Capabilities: &specs.LinuxCapabilities{Bounding: granted},
		},
		Linux: &specs.Linux{
			Namespaces: []specs.LinuxNamespace{
				{Type: specs.PIDNamespace},
				{Type: specs.NetworkNamespace}, // a new one each: with loopback only, and its own rules
				{Type: specs.IPCNamespace},
				{Type: specs.UTSNamespace},
				{Type: specs.MountNamespace},
			},
		},
	}
	// At execve(2) the kernel clears the effective set of users other than root. Docker does so in the specification.
	if user.Uid == 0 {
		spec.Process.Capabilities.Effective = granted
		spec.Process.Capabilities.Permitted = granted
	}
	if !options.all() {
		if spec.Linux.Seccomp, err = seccomp.GetDefaultProfile(spec); err != nil {
			return nil, err
		}
		spec.Linux.MaskedPaths = []string{
			"/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
			"/proc/sched_debug", "/proc/scsi", "/proc/timer_list", "/proc/timer_stats", "/sys/firmware",
			"/sys/devices/virtual/powercap",
		}
		spec.Linux.ReadonlyPaths = []string{
			"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger",
		}
	}
	return spec, nil
}

// environment returns Docker's own variables and those of the image and of the test, which have precedence.
func environment(options Options, home string) []string {
	env := []string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOSTNAME=" + hostname,
	}
	return mergeEnv(env, append([]string{"HOME=" + home}, options.Env...))
}

// mergeEnv adds NAME=VALUE entries. A name that exists keeps its place and gets the new value.
func mergeEnv(env, more []string) []string {
	merged := []string{}
	place := map[string]int{}
	for _, list := range [][]string{env, more} {
		for _, entry := range list {
			name, _, _ := strings.Cut(entry, "=")
			if at, found := place[name]; found {
				merged[at] = entry
				continue
			}
			place[name] = len(merged)
			merged = append(merged, entry)
		}
	}
	return merged
}

// mounts returns the mounts of Docker's default, and those that the options name.
func mounts(dir string, options Options) ([]specs.Mount, error) {
	sys := []string{"nosuid", "noexec", "nodev", "ro"}
	if options.all() {
		sys = sys[:3]
	}
	list := []specs.Mount{
		{Destination: "/proc", Type: "proc", Source: "proc", Options: []string{"nosuid", "noexec", "nodev"}},
		{Destination: "/dev", Type: "tmpfs", Source: "tmpfs", Options: []string{"nosuid", "strictatime", "mode=755", "size=65536k"}},
		{Destination: "/dev/pts", Type: "devpts", Source: "devpts", Options: []string{"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"}},
		{Destination: "/dev/shm", Type: "tmpfs", Source: "shm", Options: []string{"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}},
		{Destination: "/dev/mqueue", Type: "mqueue", Source: "mqueue", Options: []string{"nosuid", "noexec", "nodev"}},
		{Destination: "/sys", Type: "sysfs", Source: "sysfs", Options: sys},
	}
	for _, file := range []struct{ name, content string }{
		{"hostname", hostname + "\n"},
		{"hosts", "127.0.0.1\tlocalhost " + hostname + "\n::1\tlocalhost ip6-localhost ip6-loopback\n"},
		{"resolv.conf", ""}, // there is no network to resolve names in
	} {
		source := filepath.Join(dir, file.name)
		if err := os.WriteFile(source, []byte(file.content), 0o644); err != nil {
			return nil, err
		}
		list = append(list, specs.Mount{Destination: "/etc/" + file.name, Type: "bind", Source: source, Options: []string{"bind", "private"}})
	}
	bound := map[string]bool{}
	for _, bind := range options.BindMounts {
		mount, err := bindMount(bind)
		if err != nil {
			return nil, err
		}
		if bound[mount.Destination] {
			return nil, fmt.Errorf("bind mount %q: duplicate mount point", bind)
		}
		bound[mount.Destination] = true
		list = append(list, mount)
	}
	for _, destination := range slices.Sorted(maps.Keys(options.Volumes)) {
		// A bind mount replaces a volume.
		if !bound[filepath.Clean(destination)] {
			list = append(list, specs.Mount{
				Destination: destination,
				Type:        "bind",
				Source:      options.Volumes[destination],
				Options:     []string{"rbind", "rprivate"},
			})
		}
	}
	return list, nil
}

// bindMount parses the format of docker run --volume. If the source does not exist, it creates a directory, as Docker does.
func bindMount(bind string) (specs.Mount, error) {
	parts := strings.Split(bind, ":")
	if len(parts) < 2 || len(parts) > 3 || !filepath.IsAbs(parts[0]) || !filepath.IsAbs(parts[1]) {
		return specs.Mount{}, fmt.Errorf("bind mount %q is not /SOURCE:/DESTINATION[:ro]", bind)
	}
	destination := filepath.Clean(parts[1])
	if destination == "/" {
		return specs.Mount{}, fmt.Errorf("bind mount %q: destination can't be '/'", bind)
	}
	mode := "rw"
	if len(parts) == 3 {
		mode = parts[2]
	}
	if mode != "ro" && mode != "rw" {
		return specs.Mount{}, fmt.Errorf("bind mount %q: option %q is not supported: only ro and rw are", bind, mode)
	}
	if err := os.MkdirAll(parts[0], 0o755); err != nil {
		if info, statErr := os.Stat(parts[0]); statErr != nil || info.IsDir() {
			return specs.Mount{}, fmt.Errorf("bind mount %q: %w", bind, err)
		}
	}
	return specs.Mount{Destination: destination, Type: "bind", Source: parts[0], Options: []string{"rbind", "rprivate", mode}}, nil
}

// makeWorkdir creates the working directory if the image lacks it, as Docker does.
func makeWorkdir(root, workdir string) error {
	path, err := securejoin.SecureJoin(root, workdir)
	if err != nil {
		return err
	}
	return os.MkdirAll(path, 0o755)
}
