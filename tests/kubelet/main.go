// Command kubelet runs a real kubelet and a real containerd on a separate node, once in nft mode and once in legacy
// mode. It shows which mode the images' iptables uses in containers that edit the node's firewall. README.md describes
// the steps.
//
// "bazel run //tests/kubelet" starts it with the arguments. It then starts itself as "kubelet node ...", which is the
// first process in the node's namespaces.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/tools/programs"
)

// errDiffers is the error if everything ran but a result was wrong. The result has already been printed.
var errDiffers = errors.New("some results are wrong: see above")

func main() {
	if err := run(os.Args[1:]); errors.Is(err, errDiffers) {
		os.Exit(1)
	} else if err != nil {
		fmt.Fprintln(os.Stderr, "kubelet:", err)
		os.Exit(1)
	}
}

// inputs are the files that Bazel built for the run, and those of Kubernetes that the go command built.
type inputs struct {
	images  []image
	agent   string
	pause   string
	kubelet string
	proxy   string
	// the programs of an API server, which the kubelet does not use
	apiserver string
	etcd      string
	example   string // directory with the manifests of examples/
	detector  string
	page      string // the page that describes the manifests
	version   string // version of Kubernetes
}

// image is an archive in Docker's format, as oci_load makes it.
type image struct{ name, reference, archive string }

func run(args []string) error {
	var in inputs
	flags := flag.NewFlagSet("kubelet", flag.ExitOnError)
	flags.Func("image", "`NAME=REFERENCE=ARCHIVE` of an image under test", func(s string) error {
		parts := strings.SplitN(s, "=", 3)
		if len(parts) != 3 {
			return errors.New("not NAME=REFERENCE=ARCHIVE")
		}
		in.images = append(in.images, image{parts[0], parts[1], absolute(parts[2])})
		return nil
	})
	flags.StringVar(&in.agent, "agent", "", "`program` that calls iptables in the containers")
	flags.StringVar(&in.pause, "pause", "", "`program` of the pods' sandboxes")
	flags.StringVar(&in.example, "example", "", "`manifest` of the DaemonSet whose pod is run")
	flags.StringVar(&in.detector, "detector", "", "`manifest` of the DaemonSet that the API server is asked about as well")
	flags.StringVar(&in.page, "page", "", "`README.md` with what the API server says of both")
	kubernetes := flags.String("kubernetes", "", "`DIRECTORY` with kubelet and kube-proxy; without it they are built")
	mode := flags.String("mode", "", "only this `mode` of the node, nft or legacy")
	goCommand := flags.String("go", "go", "go command")
	module := flags.String("module", "kubernetes/go.mod", "`go.mod` that names the version of Kubernetes")
	scratch := flags.String("scratch", "", "(node) `DIRECTORY` for all files that the node writes")
	inNode := len(args) > 0 && args[0] == "node"
	if inNode {
		args = args[1:]
	}
	if err := flags.Parse(args); err != nil {
		return err
	}
	for _, path := range []*string{&in.agent, &in.pause, &in.example, &in.detector, &in.page} {
		*path = absolute(*path)
	}
	source := programs.Source{
		Go: *goCommand, Module: absolute(*module), Main: "k8s.io/kubernetes", Cost: "10 minutes of CPU",
		Packages: []string{"k8s.io/kubernetes/cmd/kubelet", "k8s.io/kubernetes/cmd/kube-proxy", "k8s.io/kubernetes/cmd/kube-apiserver",
			"go.etcd.io/etcd/server/v3"},
	}
	var err error
	if in.version, err = source.Version(); err != nil {
		return err
	}
	if inNode {
		for name, path := range map[string]*string{
			"kubelet": &in.kubelet, "kube-proxy": &in.proxy, "kube-apiserver": &in.apiserver, "server": &in.etcd, // etcd's package name
		} {
			*path = absolute(filepath.Join(*kubernetes, name))
		}
		return runNode(in, *mode, *scratch)
	}
	if err := prerequisites(); err != nil {
		return err
	}
	if *kubernetes == "" {
		if *kubernetes, err = source.Build(); err != nil {
			return err
		}
	}
	modes := []string{"nft", "legacy"}
	if *mode != "" {
		modes = []string{*mode}
	}
	// The signals are caught, so that this process can remove its directories and cgroups.
	ctx, stop := signal.NotifyContext(context.Background(), unix.SIGINT, unix.SIGTERM)
	defer stop()
	var failed error
	for _, mode := range modes {
		if err := startNode(ctx, mode, *kubernetes, args); err != nil {
			failed = errors.Join(failed, err)
		}
		if ctx.Err() != nil {
			break
		}
	}
	return failed
}

// absolute returns an absolute path, because the node's first process has another working directory.
func absolute(path string) string {
	if path == "" {
		return ""
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	return abs
}

// prerequisites checks that the machine has the programs. The Debian root of the air-gapped build contains all of them.
func prerequisites() error {
	if os.Geteuid() != 0 {
		return errors.New("not root: namespaces, mounts and containers need it; run it with sudo")
	}
	packages := map[string]string{
		"containerd": "containerd", "ctr": "containerd", "containerd-shim-runc-v2": "containerd", "runc": "runc",
		"xtables-nft-multi": "iptables", "xtables-legacy-multi": "iptables", "nft": "nftables", "ip": "iproute2",
		"unshare": "util-linux", "nice": "coreutils",
	}
	for program, debian := range packages {
		if _, err := exec.LookPath(program); err != nil {
			return fmt.Errorf("%s: not in PATH: install it (Debian: apt-get install %s)", program, debian)
		}
	}
	return nil
}
