package scenarios

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// files replaces files of the container's /proc. The wrapper and iptables read all other files from the kernel.
func (h *host) files(replaced map[string]string) {
	h.t.Helper()
	proc := filepath.Join(h.root, "proc")
	if err := os.Mkdir(filepath.Join(h.root, "kernel"), 0o755); err != nil {
		h.t.Fatal(err)
	}
	mount(h.t, "proc", filepath.Join(h.root, "kernel"), "proc", 0)
	mount(h.t, "tmpfs", proc, "tmpfs", 0)
	for _, name := range []string{"self", "thread-self", "net", "sys", "version", "kallsyms"} {
		if _, is := replaced[name]; !is {
			if err := os.Symlink("/kernel/"+name, filepath.Join(proc, name)); err != nil {
				h.t.Fatal(err)
			}
		}
	}
	for name, text := range replaced {
		write := func(path string) error { return os.WriteFile(path, []byte(text), 0o644) }
		if text == unreadable {
			write = func(path string) error { return os.Mkdir(path, 0o755) }
		}
		if err := write(filepath.Join(proc, name)); err != nil {
			h.t.Fatal(err)
		}
	}
}

// opened returns a function that returns true if a file was opened since.
func (h *host) opened(name string) func() bool {
	h.t.Helper()
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { unix.Close(fd) })
	if _, err := unix.InotifyAddWatch(fd, filepath.Join(h.root, name), unix.IN_OPEN); err != nil {
		h.t.Fatal(err)
	}
	return func() bool {
		n, err := unix.Read(fd, make([]byte, 4096))
		if err != nil && err != unix.EAGAIN {
			h.t.Fatal(err)
		}
		return n > 0
	}
}

const (
	modular  = "ip_tables 36864 0 - Live 0x0\nx_tables 53248 1 ip_tables, Live 0x0\n"
	symbols  = "ffffffff81effe50 T netlink_unicast\n"
	builtIn  = symbols + "ffffffff81f63250 T nft_do_chain\n"
	asModule = symbols + "ffffffffc0a63250 T nft_do_chain\t[nf_tables]\n"

	unreadable = "a directory, which can be opened but not read"
)

// TestSigns replaces the files that show whether nf_tables is present; it is in fact present. A kubelet chain in legacy
// is pinned only if nf_tables is certainly absent. /proc/kallsyms is read only for this purpose, and only if the pin
// can be written.
func TestSigns(t *testing.T) {
	for _, tt := range []struct {
		name              string
		modules, kallsyms string
		want              decision // expected output of detect, with a kubelet chain in both modes
		pinned            bool
	}{
		{"nf_tables is built in, ip_tables is a module", modular, builtIn, decision{"nft", "kubelet-chain", true}, true},
		{"/proc/modules is masked, nf_tables is a module", "", asModule, decision{"nft", "kubelet-chain", true}, true},
		{"/proc/modules is unreadable, nf_tables is not loaded", unreadable, symbols, decision{"legacy", "kubelet-chain", true}, true},
		{"both are masked", "", "", decision{"legacy", "kubelet-chain", false}, false},
		{"/proc/kallsyms is cut short", modular, "ffffffff81000000 T _stext\n", decision{"legacy", "kubelet-chain", false}, false},
		{"nf_tables is not loaded", modular, symbols, decision{"legacy", "kubelet-chain", true}, true},
		{"nfnetlink is a module, nf_tables is not loaded", modular + "nfnetlink 20480 0 - Live 0x0\n", "", decision{"legacy", "kubelet-chain", true}, true},
		{"nf_tables is loaded", modular + "nf_tables 1 0 - Live 0x0\n", "", decision{"nft", "kubelet-chain", true}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := newHost(t)
			h.restore("iptables-legacy", rules("mangle", hint, 0)...)
			h.restore("iptables-nft", rules("mangle", hint, 0)...)
			h.files(map[string]string{"modules": tt.modules, "kallsyms": tt.kallsyms})
			if got := h.detect(); got != tt.want {
				t.Errorf("detect: got %+v, want %+v", got, tt.want)
			}
			if got := h.version("iptables"); got != tt.want.Mode || h.pinned("iptables") != tt.pinned {
				t.Errorf("called: got %s, pinned %v", got, h.pinned("iptables"))
			}
		})
	}
}

// TestUnpinnedCallIsCheap runs each of these configurations in a read-only root, and without a kubelet chain. No call
// may open /proc/kallsyms.
func TestUnpinnedCallIsCheap(t *testing.T) {
	for name, modules := range map[string]string{"ip_tables is a module": modular, "masked": ""} {
		for state, prepare := range map[string]func(*host){
			"kubelet in legacy, read-only root": func(h *host) {
				h.restore("iptables-legacy", rules("mangle", hint, 0)...)
				h.readOnly()
			},
			"rules in legacy": func(h *host) { h.restore("iptables-legacy", rules("filter", "A", 3)...) },
		} {
			t.Run(name+", "+state, func(t *testing.T) {
				h := newHost(t)
				h.files(map[string]string{"modules": modules, "kallsyms": symbols})
				prepare(h)
				opened := h.opened("proc/kallsyms")
				for range 2 {
					if got := h.version("iptables"); got != "legacy" || h.pinned("iptables") {
						t.Errorf("got %s, pinned %v, want legacy, not pinned", got, h.pinned("iptables"))
					}
				}
				if opened() {
					t.Error("a call read /proc/kallsyms, but had nothing to pin")
				}
				h.detect()
				if !opened() {
					t.Error("the watch does not notice who opens /proc/kallsyms")
				}
			})
		}
	}
}

// TestSysfs has rules in legacy and a kubelet chain in nft. Only /sys shows that nf_tables is present.
func TestSysfs(t *testing.T) {
	for name, prepare := range map[string]func(*host){
		"module": func(h *host) {
			if err := os.MkdirAll(filepath.Join(h.root, "sys/module/nf_tables"), 0o755); err != nil {
				h.t.Fatal(err)
			}
		},
		"built in": func(h *host) {
			// The name is split between two reads.
			text := string(make([]byte, 16<<10-5)) + "nft_do_chain\x00"
			dir := filepath.Join(h.root, "sys/kernel/btf")
			if err := os.MkdirAll(dir, 0o755); err != nil {
				h.t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "vmlinux"), []byte(text), 0o444); err != nil {
				h.t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHost(t)
			h.restore("iptables-legacy", rules("filter", "A", 1)...)
			h.restore("iptables-nft", rules("mangle", hint, 0)...)
			h.files(map[string]string{"modules": modular, "kallsyms": ""})
			if got := h.version("iptables"); got != "legacy" || h.pinned("iptables") {
				t.Errorf("without /sys: got %s, pinned %v, want legacy, not pinned", got, h.pinned("iptables"))
			}
			prepare(h)
			if got := h.version("iptables"); got != "nft" || !h.pinned("iptables") {
				t.Errorf("got %s, pinned %v, want nft, pinned", got, h.pinned("iptables"))
			}
		})
	}
}

// TestSubsetPID mounts a /proc without /proc/modules, although the kernel may have modules. detect must not open a
// netlink socket, which might load one.
func TestSubsetPID(t *testing.T) {
	h := newHostWithoutProc(t)
	h.restore("iptables-legacy", rules("mangle", hint, 0)...)
	if err := unix.Mount("proc", filepath.Join(h.root, "proc"), "proc", 0, "subset=pid"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Unmount(filepath.Join(h.root, "proc"), unix.MNT_DETACH) })
	if got, want := h.detect(), (decision{"legacy", "kubelet-chain", false}); got != want {
		t.Errorf("detect: got %+v, want %+v", got, want)
	}
	if got := h.version("iptables"); got != "legacy" || h.pinned("iptables") {
		t.Errorf("called: got %s, pinned %v, want legacy, not pinned", got, h.pinned("iptables"))
	}
}

// TestCompatIsAsked checks that a call which would guess nft asks for nft_compat first, and that a call with evidence does not.
func TestCompatIsAsked(t *testing.T) {
	for name, want := range map[string]bool{"an empty host": true, "rules in legacy": false} {
		h := newHost(t)
		if !want {
			h.restore("iptables-legacy", rules("filter", "DOCKER", 2)...)
		}
		r := h.do(call{argv: []string{"/usr/sbin/iptables", "-S"}, env: []string{"IPTABLES_WRAPPER_DEBUG=1"}})
		// A kernel without modules shows nft_compat only in an answer. Otherwise /proc/modules shows that it is loaded.
		if asked := !strings.Contains(r.stderr, "nft_compat               unknown"); asked != want && (want || !loaded(t, "nft_compat")) {
			t.Errorf("%s: asked %v\n%s", name, asked, r.stderr)
		}
	}
}

func loaded(t *testing.T, module string) bool {
	text, err := os.ReadFile("/proc/modules")
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return strings.Contains("\n"+string(text), "\n"+module+" ")
}
