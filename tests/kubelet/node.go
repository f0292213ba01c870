package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// node is the environment of this program as a node's first process.
type node struct {
	inputs
	mode  string // mode of kubelet's iptables
	dir   string // directory for all written files
	calls string // directory in which the agents record their calls
}

func newNode(in inputs, mode, dir string) (*node, error) {
	n := &node{inputs: in, mode: mode, dir: dir, calls: filepath.Join(dir, "calls")}
	for _, name := range []string{"lib", "calls", "bin", "pods"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			return nil, err
		}
	}
	// Empty directories in place of the machine's, at the default paths of kubelet and containerd.
	if err := unix.Mount(filepath.Join(dir, "lib"), "/var/lib", "", unix.MS_BIND, ""); err != nil {
		return nil, fmt.Errorf("mount /var/lib: %w", err)
	}
	if err := unix.Mount("tmpfs", "/run", "tmpfs", 0, "mode=755"); err != nil {
		return nil, fmt.Errorf("mount /run: %w", err)
	}
	// The lock of iptables-legacy, which all containers must share with the node.
	if err := os.WriteFile("/run/xtables.lock", nil, 0o600); err != nil {
		return nil, err
	}
	return n, errors.Join(n.hideSysctls(), mountGroups(filepath.Base(dir)), n.makeNetwork(), n.linkApplets())
}

// hideSysctls protects the machine's sysctls that belong to no namespace, because kubelet sets some (pkg/kubelet/cm,
// setupKernelTunables).
func (n *node) hideSysctls() error {
	for _, name := range []string{"vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops",
		"kernel/keys/root_maxkeys", "kernel/keys/root_maxbytes"} {
		path := "/proc/sys/" + name
		value, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		copied := filepath.Join(n.dir, strings.ReplaceAll(name, "/", "."))
		if err := os.WriteFile(copied, value, 0o644); err != nil {
			return err
		}
		if err := unix.Mount(copied, path, "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("mount %s: %w", path, err)
		}
	}
	return nil
}

// mountGroups mounts the cgroups, so that the node sees only those of its namespace.
func mountGroups(name string) error {
	dirs, err := hierarchies()
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		if err := unix.Mount(filepath.Join(dir, name), dir, "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("mount %s: %w", dir, err)
		}
	}
	if len(dirs) > 1 {
		return nil
	}
	// In version 2, a cgroup has either processes or controllers for its children (cgroups(7), "no internal
	// processes"). runc enables the controllers in every cgroup except the root.
	group := filepath.Join(groupRoot, "init")
	if err := os.Mkdir(group, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(group, "cgroup.procs"), []byte("0"), 0o644); err != nil {
		return err
	}
	controllers, err := os.ReadFile(filepath.Join(groupRoot, "cgroup.controllers"))
	if err != nil {
		return err
	}
	enable := "+" + strings.Join(strings.Fields(string(controllers)), " +")
	return os.WriteFile(filepath.Join(groupRoot, "cgroup.subtree_control"), []byte(enable), 0o644)
}

// makeNetwork creates an address and a default route, which kubelet requires.
func (n *node) makeNetwork() error {
	for _, args := range []string{
		"link set lo up",
		"link add eth0 type veth peer name outside",
		"link set outside up",
		"link set eth0 up",
		"address add 192.0.2.2/24 dev eth0",
		"route add default via 192.0.2.1",
	} {
		if _, err := output("", "ip", strings.Fields(args)...); err != nil {
			return err
		}
	}
	return nil
}

// linkApplets makes the directory in kubelet's PATH that selects its mode.
func (n *node) linkApplets() error {
	program, err := exec.LookPath("xtables-" + n.mode + "-multi")
	if err != nil {
		return err
	}
	for _, applet := range []string{"iptables", "iptables-save", "iptables-restore", "ip6tables", "ip6tables-save", "ip6tables-restore"} {
		if err := os.Symlink(program, filepath.Join(n.dir, "bin", applet)); err != nil {
			return err
		}
	}
	return nil
}

// addOtherRules adds rules of other programs, in the mode that kubelet does not use.
func (n *node) addOtherRules() error {
	rules := new(strings.Builder)
	rules.WriteString("*filter\n")
	for i := range 100 {
		fmt.Fprintf(rules, "-A INPUT -s 198.51.100.%d -j ACCEPT\n", i)
	}
	rules.WriteString("COMMIT\n")
	_, err := output(rules.String(), "xtables-"+other(n.mode)+"-multi", "iptables-restore", "-w", "5", "--noflush")
	return err
}

func other(mode string) string {
	if mode == "nft" {
		return "legacy"
	}
	return "nft"
}

// hasChain returns true if table mangle has the chain. It does not create the table.
func hasChain(mode, family, chain string) bool {
	if mode == "nft" {
		return exec.Command("nft", "list", "chain", family, "mangle", chain).Run() == nil
	}
	tables, err := os.ReadFile("/proc/self/net/" + family + "_tables_names")
	if err != nil || !strings.Contains(string(tables), "mangle\n") {
		return false
	}
	return exec.Command("xtables-legacy-multi", family+"tables", "-w", "5", "-t", "mangle", "-S", chain).Run() == nil
}

// output runs a program and returns its output. If it fails, the error contains the output.
func output(stdin, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	var stderr bytes.Buffer
	cmd.Stdin, cmd.Stderr = strings.NewReader(stdin), &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, bytes.TrimSpace(stderr.Bytes()))
	}
	return string(out), nil
}

// patience is long enough for a busy machine. Usually nothing takes more than seconds.
const patience = 2 * time.Minute

// wait calls done repeatedly until it returns true.
func wait(what string, done func() (bool, error)) error {
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		ok, err := done()
		if ok {
			return err
		}
		if time.Now().After(deadline) {
			return errors.Join(fmt.Errorf("%s: not within %v", what, patience), err)
		}
	}
}
