// Command structure_test checks an image against container-structure-test configurations, without a Docker daemon. It reads
// files and metadata from the image itself, and runs commands under runc.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
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
	report, suite   string // JUnit
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
		if removeErr := container.Discard(dir); removeErr != nil && err == nil {
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
	if opts.report != "" {
		if err := printer.WriteJUnit(opts.report, opts.suite); err != nil {
			return false, err
		}
	}
	return printer.Finish(), nil
}

// parseOptions parses those options of the real program's command line that the rule uses.
func parseOptions(args []string) (options, error) {
	if len(args) == 0 || args[0] != "test" {
		return options{}, errors.New("the one command is test")
	}
	var opts options
	var archive, layout, driver, output string
	flags := flag.NewFlagSet("structure_test test", flag.ExitOnError)
	flags.StringVar(&archive, "image", "", "docker archive (.tar), for the tar driver")
	flags.StringVar(&layout, "image-from-oci-layout", "", "OCI layout directory, for the docker driver")
	flags.StringVar(&opts.platform, "platform", "linux/"+runtime.GOARCH, "os/architecture[/variant] the image must be for; empty: any")
	flags.StringVar(&driver, "driver", string(check.Docker), "docker or tar")
	flags.StringVar(&opts.report, "test-report", "", "file for the report")
	flags.StringVar(&output, "output", "text", "text, or junit with --test-report")
	flags.StringVar(&opts.suite, "junit-suite-name", "container-structure-test.test", "name in the report")
	// The real program passes these options to the container engine, as the name of the image. This program uses no
	// engine, so it accepts them and ignores them.
	flags.Bool("ignore-ref-annotation", false, "accepted")
	flags.String("default-image-tag", "", "accepted")
	flags.Func("config", "configuration file; may be repeated", func(path string) error {
		opts.configs = append(opts.configs, path)
		return nil
	})
	if err := flags.Parse(args[1:]); err != nil {
		return options{}, err
	}
	if flags.NArg() > 0 {
		return options{}, fmt.Errorf("argument %q is not supported here", flags.Arg(0))
	}
	if (output == "junit") != (opts.report != "") {
		return options{}, fmt.Errorf("output %q is not supported here: use text, or junit with --test-report", output)
	}
	opts.driver = check.Driver(driver)
	switch {
	case len(opts.configs) == 0:
		return options{}, errors.New("please provide at least one test config file: use --config")
	case opts.driver != check.Docker && opts.driver != check.Tar:
		return options{}, fmt.Errorf("driver %q is not supported here: use docker or tar", driver)
	case (archive == "") == (layout == ""):
		return options{}, errors.New("one image is needed: use --image or --image-from-oci-layout")
	case layout != "" && opts.driver == check.Tar:
		return options{}, errors.New("--image-from-oci-layout is not supported when not using Docker driver")
	case archive != "" && opts.driver == check.Docker:
		// The real program would use this path as the name of an image in Docker.
		return options{}, errors.New("the docker driver does not read archives: give it the layout, or use the tar driver")
	}
	opts.image = archive + layout
	return opts, nil
}

// newSubject unpacks the image below dir.
func newSubject(opts options, dir string) (*check.Subject, error) {
	img, config, err := image.Open(opts.image, opts.platform)
	if err != nil {
		return nil, err
	}
	// From here on, only this goroutine and the containers that it starts see its mounts.
	isolated := container.IsolateMounts()
	if isolated == nil && opts.driver == check.Docker && fitsMemory(img) {
		if err := container.InMemory(dir); err != nil {
			return nil, err
		}
	}
	tree, err := rootfs.Unpack(img, filepath.Join(dir, "image"))
	if err != nil {
		return nil, err
	}
	if opts.driver == check.Tar {
		if err := tree.LikeTarDriver(img); err != nil {
			return nil, err
		}
	}
	subject := &check.Subject{Driver: opts.driver, Config: config, Tree: tree}
	switch {
	case opts.driver == check.Tar:
		subject.NoRunner = errors.New("Tar driver is unable to process commands, please use a different driver")
	case config.Architecture != runtime.GOARCH:
		subject.NoRunner = fmt.Errorf("commands of a %s image cannot run on this %s machine: test only files and metadata",
			config.Architecture, runtime.GOARCH)
	default:
		subject.Runner, subject.NoRunner = container.NewRunner(dir)
	}
	subject.NewRoot = newRoots(img, tree, dir, isolated)
	subject.NewVolume = newVolumes(tree, dir, isolated)
	return subject, nil
}

// inMemory is the largest image that is unpacked into memory, in compressed bytes. Unpacked, it is about three times
// larger.
const inMemory = 64 << 20

func fitsMemory(img v1.Image) bool {
	layers, err := img.Layers()
	if err != nil {
		return false
	}
	all := int64(0)
	for _, layer := range layers {
		size, err := layer.Size()
		if err != nil {
			return false
		}
		all += size
	}
	return all <= inMemory
}

// newRoots returns a function that creates a writable root for each command test. The root is an overlay over the unpacked
// image or, if overlays cannot be mounted, another unpacked copy.
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

// newVolumes returns a function that creates a volume with the image's content at its path, or an empty one.
func newVolumes(tree *rootfs.Tree, dir string, isolated error) func(string) (string, func() error, error) {
	count := 0
	return func(path string) (string, func() error, error) {
		if isolated != nil {
			return "", nil, isolated
		}
		count++
		own := filepath.Join(dir, fmt.Sprintf("volume-%d", count))
		content, err := tree.Directory(path)
		if errors.Is(err, fs.ErrNotExist) {
			content = own + "-empty"
			err = os.Mkdir(content, 0o755)
		}
		if err != nil {
			return "", nil, err
		}
		root, err := container.Overlay(content, own)
		return root, func() error { return container.Release(own) }, err
	}
}
