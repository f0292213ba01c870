// Package goiptables_test runs the test suite of github.com/coreos/go-iptables inside an image with the wrapper.
// flannel, the CNI plugins and other programs call iptables through this library. Each of its tests must end as with
// the mode's own binaries. TestRules of v0.8.0 fails in both ways with iptables 1.8.11 (trixie): for every version from
// 1.8.9 on it expects protocol "0" in a list, but 1.8.11 prints "all" again. So the suite also runs with 1.8.9
// (bookworm).
package goiptables_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"text/tabwriter"

	_ "github.com/coreos/go-iptables/iptables" // whose tests are run; keeps its version in go.mod
	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
	"github.com/iptables-wrappers/iptables-wrappers/tools/node"
)

const (
	// Images with the wrapper installed, separated by spaces: NAME=LAYER:LAYER, lowest first.
	layersVariable = "CLIENTS_LAYERS"
	suiteVariable  = "CLIENTS_SUITE" // the suite's test binary

	library = "github.com/coreos/go-iptables/iptables"
	suite   = "/opt/go-iptables.test" // in the container
	wrapper = "/usr/sbin/iptables-wrapper"
	sbin    = "/usr/sbin:/usr/bin:/sbin:/bin"
)

var applets = []string{"iptables", "iptables-save", "iptables-restore", "ip6tables", "ip6tables-save", "ip6tables-restore"}

// ways are the ways in which the suite runs iptables: the mode's own binary, or the wrapper in a writable or read-only
// root.
var ways = []string{"direct", "writable", "read-only"}

func TestSuite(t *testing.T) {
	images := needs.Variable(t, layersVariable)
	needs.Machine(t, "root")
	binary := testBinary(t)
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', 0)
	defer table.Flush()
	fmt.Fprintln(table, "CLIENT\tIMAGE\tMODE\tROOT\tIPTABLES LEADS TO\tPASS\tFAIL\tSKIP\tAS DIRECT")
	for _, named := range strings.Fields(images) {
		name, layers, _ := strings.Cut(named, "=")
		image := unpack(t, strings.Split(layers, ":"), binary)
		for _, mode := range []string{"nft", "legacy"} {
			t.Run(name+"/"+mode, func(t *testing.T) {
				var direct outcome
				for _, way := range ways {
					o := run(t, image, mode, way)
					verdict := "-"
					if way == "direct" {
						direct = o
					} else {
						verdict = compare(t, way, direct, o, mode)
					}
					pass, fail, skip := o.count("PASS"), o.count("FAIL"), o.count("SKIP")
					if pass == 0 {
						t.Errorf("%s: no test passed:\n%s", way, o.text)
					}
					fmt.Fprintf(table, "go-iptables\t%s\t%s\t%s\t%s\t%d\t%d\t%d\t%s\n",
						name, mode, way, filepath.Base(o.leads), pass, fail, skip, verdict)
				}
			})
		}
	}
}

// testBinary returns the suite's test binary.
func testBinary(t *testing.T) []byte {
	t.Helper()
	file := os.Getenv(suiteVariable)
	if file == "" {
		file = filepath.Join(t.TempDir(), "suite")
		build := exec.CommandContext(t.Context(), "go", "test", "-c", "-o", file, library)
		build.Env = append(os.Environ(), "CGO_ENABLED=0") // the image may have another libc
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("go test -c %s: %v\n%s", library, err, out)
		}
	}
	binary, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return binary
}

// unpack returns a directory with the image, and in it the suite and, in /opt/MODE, the six names as symlinks to the
// mode's own binary.
func unpack(t *testing.T, layers []string, binary []byte) string {
	t.Helper()
	image := t.TempDir()
	if err := node.Unpack(image, layers...); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []string{"nft", "legacy"} {
		dir := filepath.Join(image, "opt", mode)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		for _, applet := range applets {
			if err := os.Symlink("/usr/sbin/xtables-"+mode+"-multi", filepath.Join(dir, applet)); err != nil {
				t.Fatal(err)
			}
		}
	}
	// os/exec opens /dev/null for a program without standard input.
	if err := unix.Mknod(filepath.Join(image, "dev/null"), unix.S_IFCHR|0o666, int(unix.Mkdev(1, 3))); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(image, suite), binary, 0o700); err != nil {
		t.Fatal(err)
	}
	return image
}

// run runs the suite on a host where kubelet uses the mode.
func run(t *testing.T, image, mode, way string) outcome {
	t.Helper()
	var o outcome
	err := node.Run(image, t.TempDir(), func(n *node.Node) error {
		if _, err := n.Output("", "/usr/sbin/iptables-"+mode, "-t", "mangle", "-N", "KUBE-IPTABLES-HINT"); err != nil {
			return err
		}
		if way == "read-only" {
			if err := n.ReadOnly(true); err != nil {
				return err
			}
		}
		path := sbin
		if way == "direct" {
			path = "/opt/" + mode + ":" + sbin
		}
		cmd := n.Command(suite, "-test.v")
		cmd.Env = []string{"PATH=" + path}
		var text bytes.Buffer
		cmd.Stdout, cmd.Stderr = &text, &text
		var exit *exec.ExitError
		if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
			return err
		}
		o.text, o.tests = text.String(), endings(text.String())
		o.saved = map[string]string{}
		for _, m := range []string{"nft", "legacy"} {
			for _, family := range []string{"iptables", "ip6tables"} {
				saved, err := n.Output("", "/usr/sbin/"+family+"-"+m+"-save")
				if err != nil {
					return err
				}
				o.saved[m] += saved
			}
			o.saved[m] = normal(o.saved[m])
		}
		name := "/usr/sbin/iptables"
		if way == "direct" {
			name = "/opt/" + mode + "/iptables"
		}
		chain, err := n.Links(name)
		if err == nil {
			o.leads = chain[len(chain)-1]
		}
		return err
	})
	if err != nil {
		t.Fatalf("%s: %v", way, err)
	}
	return o
}

var (
	ending  = regexp.MustCompile(`(?m)^\s*--- (PASS|FAIL|SKIP): (\S+)`)
	comment = regexp.MustCompile(`(?m)^#.*\n`)
	counter = regexp.MustCompile(`\[\d+:\d+\]`)
	random  = regexp.MustCompile(`TEST-\d+`) // the suite's names for chains
)
