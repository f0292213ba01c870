// Command demo shows what the wrapper does. It runs an image in six host states, each in a new network namespace. For
// each it prints the chosen mode and the reason, where the symlink iptables leads before and after the first call, and
// how long the first and the second call took.
//
// Usage: demo LAYER...
//
// The layers are those of an image with the wrapper installed, lowest first.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/iptables-wrappers/iptables-wrappers/tools/node"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "demo: no layers of an image: ./bazelw run //:demo names them")
		os.Exit(2)
	}
	if os.Geteuid() != 0 {
		fmt.Fprintln(os.Stderr, "demo: not root: network namespaces and firewall rules need it; run it with sudo")
		os.Exit(1)
	}
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run(layers []string) error {
	dir, err := os.MkdirTemp("", "demo")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	image := filepath.Join(dir, "image")
	if err := os.Mkdir(image, 0o755); err != nil {
		return err
	}
	if err := node.Unpack(image, layers...); err != nil {
		return err
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', 0)
	fmt.Fprintln(w, "HOST\tMODE\tWHY\tIPTABLES LEADS TO\tAND THEN TO\t1ST CALL\t2ND CALL")
	for i, s := range states() {
		scratch := filepath.Join(dir, fmt.Sprint("node", i))
		if err := os.Mkdir(scratch, 0o755); err != nil {
			return err
		}
		err := node.Run(image, scratch, func(n *node.Node) error {
			r, err := visit(n, s)
			if err != nil {
				return err
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%.1f ms\t%.1f ms\n", s.host, r.Mode, r.why(), r.before, r.after, r.first, r.second)
			return nil
		})
		if err != nil {
			return fmt.Errorf("%s: %w", s.host, err)
		}
	}
	return w.Flush()
}
