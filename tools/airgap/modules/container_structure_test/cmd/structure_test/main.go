// Command structure_test checks an image against container-structure-test configurations, without a Docker daemon: files
// and metadata are read from the image itself, and commands run under runc.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/iptables-wrappers/iptables-wrappers/tools/airgap/modules/container_structure_test/internal/check"
	"github.com/iptables-wrappers/iptables-wrappers/tools/airgap/modules/container_structure_test/internal/container"
	"github.com/iptables-wrappers/iptables-wrappers/tools/airgap/modules/container_structure_test/internal/image"
	"github.com/iptables-wrappers/iptables-wrappers/tools/airgap/modules/container_structure_test/internal/report"
	"github.com/iptables-wrappers/iptables-wrappers/tools/airgap/modules/container_structure_test/internal/rootfs"
	"github.com/iptables-wrappers/iptables-wrappers/tools/airgap/modules/container_structure_test/internal/schema"
)

type options struct {
	image, platform string
	driver          check.Driver
	configs         []string
}

func main() {
	passed, err := run()
	if err != nil {
		fmt.Fprintf(os.Stderr, "structure_test: %v\n", err)
	}
	if err != nil || !passed {
		os.Exit(1)
	}
}

func run() (passed bool, err error) {
	opts, err := parseOptions(os.Args[1:])
	if err != nil {
		return false, err
	}
	dir, err := os.MkdirTemp(os.Getenv("TEST_TMPDIR"), "structure-test-")
	if err != nil {
		return false, err
	}
	defer func() {
		if removeErr := os.RemoveAll(dir); removeErr != nil && err == nil {
			err = removeErr
		}
	}()
	subject, err := newSubject(opts, dir)
	if err != nil {
		return false, err
	}
	// Bazel ends a test that takes too long with SIGTERM.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	printer := report.NewPrinter(os.Stdout)
	for _, file := range opts.configs {
		printer.Banner(file)
		config, err := schema.Load(file)
		if err != nil {
			result := report.Result{Name: file}
			result.Errorf("error parsing config file: %v", err)
			printer.Add(result)
			continue
		}
		subject.Run(ctx, config, printer)
	}
	if path := os.Getenv("XML_OUTPUT_FILE"); path != "" {
		if err := printer.WriteJUnit(path, "container-structure-test.test"); err != nil {
			return false, err
		}
	}
	return printer.Finish(), nil
}

func parseOptions(args []string) (options, error) {
	var opts options
	flags := flag.NewFlagSet("structure_test", flag.ExitOnError)
	flags.StringVar(&opts.image, "image", "", "OCI layout directory, or docker archive (.tar)")
	flags.StringVar(&opts.platform, "platform", "", "os/architecture[/variant] the image must be for; empty: any")
	driver := flags.String("driver", string(check.Docker), "docker or tar")
	flags.Func("config", "configuration file; may be repeated", func(path string) error {
		opts.configs = append(opts.configs, path)
		return nil
	})
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	if flags.NArg() > 0 {
		return options{}, fmt.Errorf("argument %q is not supported here", flags.Arg(0))
	}
	opts.driver = check.Driver(*driver)
	if opts.driver != check.Docker && opts.driver != check.Tar {
		return options{}, fmt.Errorf("driver %q is not supported here: use docker or tar", *driver)
	}
	if opts.image == "" {
		return options{}, errors.New("no image: use -image")
	}
	if len(opts.configs) == 0 {
		return options{}, errors.New("please provide at least one test config file: use -config")
	}
	return opts, nil
}

// newSubject unpacks the image below dir.
func newSubject(opts options, dir string) (*check.Subject, error) {
	img, config, err := image.Open(opts.image, opts.platform)
	if err != nil {
		return nil, err
	}
	// On this goroutine, which runs every container: mounts made from here are seen from here only.
	isolated := container.IsolateMounts()
	tree, err := rootfs.Unpack(img, filepath.Join(dir, "image"))
	if err != nil {
		return nil, err
	}
	subject := &check.Subject{Driver: opts.driver, Config: config, Tree: tree}
	switch {
	case opts.driver == check.Tar:
		subject.NoRunner = errors.New("Tar driver is unable to process commands, please use a different driver")
	case config.Architecture != runtime.GOARCH:
		subject.NoRunner = fmt.Errorf("commands of a %s image cannot run on this %s machine: keep to files and metadata",
			config.Architecture, runtime.GOARCH)
	default:
		subject.Runner, subject.NoRunner = container.NewRunner(dir)
	}
	subject.NewRoot = newRoots(img, tree, dir, isolated)
	return subject, nil
}

// newRoots returns what makes a writable root for each command test: an overlay over the unpacked image or, where that
// cannot be mounted, the image unpacked once more.
func newRoots(img v1.Image, tree *rootfs.Tree, dir string, isolated error) func() (string, func() error, error) {
	count := 0
	return func() (string, func() error, error) {
		count++
		own := filepath.Join(dir, fmt.Sprintf("root-%d", count))
		if isolated == nil && !strings.ContainsAny(tree.Dir, ":,\\") {
			if root, err := container.Overlay(tree.Dir, own); err == nil {
				return root, func() error { return container.Release(own) }, nil
			}
		}
		if _, err := rootfs.Unpack(img, own+"-copy"); err != nil {
			return "", nil, err
		}
		return own + "-copy", func() error { return os.RemoveAll(own + "-copy") }, nil
	}
}
