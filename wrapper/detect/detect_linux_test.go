package detect_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/google/nftables"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/detect"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

const inside = "DETECT_TEST_INSIDE"

// TestMain runs everything in a new network namespace, and without root in a new user namespace.
func TestMain(m *testing.M) {
	if os.Getenv(inside) != "" {
		os.Exit(m.Run())
	}
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Env = append(os.Environ(), inside+"=1")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	if os.Getuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
	}
	if err := cmd.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "in a new network namespace:", err)
		os.Exit(1)
	}
}

func addChain(t *testing.T, table, chain string) {
	t.Helper()
	c, err := nftables.New()
	if err != nil {
		t.Fatal(err)
	}
	c.AddChain(&nftables.Chain{Table: c.AddTable(&nftables.Table{Family: nftables.TableFamilyIPv6, Name: table}), Name: chain})
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
}

// A chain of another program exists. Then kubelet creates its own chain, and Kubelet returns.
func TestKubelet(t *testing.T) {
	t.Cleanup(func() {
		c, err := nftables.New()
		if err != nil {
			t.Fatal(err)
		}
		c.FlushRuleset()
		if err := c.Flush(); err != nil {
			t.Error(err)
		}
	})
	addChain(t, "filter", "DOCKER-USER")
	soon, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	r, err := detect.Kubelet(soon)
	if !errors.Is(err, context.DeadlineExceeded) || r.Mode != mode.NFT || r.Reason != mode.ReasonMoreRules {
		t.Errorf("without kubelet: %+v, %v", r.Decision, err)
	}
	go func() {
		time.Sleep(100 * time.Millisecond)
		addChain(t, mode.HintTable, mode.KubeIPTablesHint.String())
	}()
	later, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	r, err = detect.Kubelet(later)
	if want := (mode.Decision{Mode: mode.NFT, Reason: mode.ReasonKubeletChain, Pin: true}); err != nil || r.Decision != want {
		t.Errorf("with kubelet: %+v, %v, want %+v", r.Decision, err, want)
	}
	if r.Evidence.NFT.Rules != mode.Exactly(2) {
		t.Errorf("rule count: %+v, want two chains", r.Evidence.NFT.Rules)
	}
	if _, err := detect.Host(soon); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("with a context that has ended: %v", err)
	}
}

// TestDescriptors checks that Host closes each descriptor that it opens.
func TestDescriptors(t *testing.T) {
	count := func() int {
		all, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	if _, err := detect.Host(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := count()
	for range 3 {
		if _, err := detect.Host(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if after := count(); after != before {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
}
