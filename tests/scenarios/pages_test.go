package scenarios

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
	"github.com/iptables-wrappers/iptables-wrappers/tests/pages"
)

// hosts maps the host states that pages name before a block of commands: <!-- host: NAME, NAME... -->
var hosts = map[string]func(*testing.T, *host){
	"empty": func(*testing.T, *host) {},
	"kubelet in nft": func(_ *testing.T, h *host) {
		for _, command := range []string{"iptables-nft", "ip6tables-nft"} {
			h.restore(command, "*mangle", ":"+hint+" - [0:0]", ":KUBE-KUBELET-CANARY - [0:0]", "COMMIT")
		}
	},
	"kubelet in legacy": func(_ *testing.T, h *host) {
		for _, command := range []string{"iptables-legacy", "ip6tables-legacy"} {
			h.restore(command, "*mangle", ":"+hint+" - [0:0]", ":KUBE-KUBELET-CANARY - [0:0]", "COMMIT")
		}
	},
	"docker in legacy": func(_ *testing.T, h *host) {
		h.restore("iptables-legacy", "*nat", ":DOCKER - [0:0]", "-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER", "COMMIT")
	},
	"pinned elsewhere": func(t *testing.T, h *host) {
		h.restore("iptables-legacy", "*mangle", ":"+hint+" - [0:0]", "COMMIT")
		h.version("iptables")
		if !h.pinned("iptables") {
			t.Fatal("not pinned")
		}
		h.run("/usr/sbin/iptables-legacy", "-t", "mangle", "-X", hint)
	},
	"plugin":           func(t *testing.T, h *host) { h.addPlugin(t) },
	"no CAP_NET_ADMIN": func(t *testing.T, _ *host) { dropCapabilities(t, unix.CAP_NET_ADMIN) },
	"ambient capabilities": func(_ *testing.T, h *host) {
		h.attr.Credential = &syscall.Credential{Uid: 65534, Gid: 65534}
		h.attr.AmbientCaps = []uintptr{unix.CAP_NET_ADMIN, unix.CAP_NET_RAW}
	},
	"user namespace": func(_ *testing.T, h *host) {
		h.attr.Cloneflags = unix.CLONE_NEWUSER
		h.attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: 0, Size: 65536}}
		h.attr.GidMappings = h.attr.UidMappings
	},
	"rootless with a separate network": func(_ *testing.T, h *host) {
		h.attr.Cloneflags = unix.CLONE_NEWUSER | unix.CLONE_NEWNET
		h.attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: 1000, Size: 1}}
		h.attr.GidMappings = h.attr.UidMappings
		h.attr.Credential = &syscall.Credential{Uid: 0, Gid: 0, NoSetGroups: true}
	},
	"hostport installed": func(t *testing.T, h *host) {
		program, err := os.Open(needs.Variable(t, "HOSTPORT"))
		if err != nil {
			t.Fatal(err)
		}
		defer program.Close()
		if err := writeFile(h.root+"/usr/bin/hostport", program, 0o755); err != nil {
			t.Fatal(err)
		}
		// Containers have /dev/null, and os/exec opens it for a program without standard input.
		null := h.root + "/dev/null"
		if err := writeFile(null, strings.NewReader(""), 0o666); err != nil {
			t.Fatal(err)
		}
		mount(t, "/dev/null", null, "", unix.MS_BIND)
	},
	"read-only root": func(_ *testing.T, h *host) { h.readOnly() },
	"read-only root without /run": func(t *testing.T, h *host) {
		if err := os.Remove(h.root + "/run/xtables.lock"); err != nil {
			t.Fatal(err)
		}
		mount(t, h.root, h.root, "", unix.MS_BIND|unix.MS_REC)
		remount(t, h.root, unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY)
	},
	"image without legacy": func(t *testing.T, h *host) {
		legacy, err := filepath.Glob(h.root + "/usr/sbin/*legacy*")
		if err != nil || len(legacy) == 0 {
			t.Fatalf("nothing of legacy to remove: error %v", err)
		}
		for _, path := range legacy {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}
	},
}

// TestPages runs the commands of the pages and compares their output. Each block runs on a new host.
func TestPages(t *testing.T) {
	for _, page := range strings.Fields(needs.Variable(t, "PAGES")) {
		for _, block := range pages.Blocks(t, page) {
			t.Run(filepath.Base(page)+": "+strings.Join(block.States, ", "), func(t *testing.T) {
				h := newHost(t)
				if len(block.States) == 0 {
					t.Fatalf("no host before\n%s", block.Text)
				}
				for _, name := range block.States {
					state := hosts[name]
					if state == nil {
						t.Fatalf("no host %q before\n%s", name, block.Text)
					}
					state(t, h)
				}
				block.Try(t, func(script string) string {
					return h.do(call{argv: []string{"/bin/sh", "-c", "exec 2>&1; " + script}}).stdout
				})
			})
		}
	}
}
