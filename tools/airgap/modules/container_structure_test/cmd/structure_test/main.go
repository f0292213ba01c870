// Command structure_test is container-structure-test without a Docker daemon: the schema, the checks and the report are
// the real ones, and its driver runs commands with runc. Its flags are those that the real rule passes.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"github.com/GoogleContainerTools/container-structure-test/cmd/container-structure-test/app/cmd/test"
	"github.com/GoogleContainerTools/container-structure-test/pkg/config"
	"github.com/GoogleContainerTools/container-structure-test/pkg/drivers"
	"github.com/GoogleContainerTools/container-structure-test/pkg/output"
	"github.com/GoogleContainerTools/container-structure-test/pkg/types/unversioned"
	v2 "github.com/GoogleContainerTools/container-structure-test/pkg/types/v2"
	"github.com/sirupsen/logrus"

	"github.com/iptables-wrappers/iptables-wrappers/tools/airgap/modules/container_structure_test/internal/container"
	"github.com/iptables-wrappers/iptables-wrappers/tools/airgap/modules/container_structure_test/internal/driver"
)

func main() {
	// tests/engines/structure.sh runs the same targets with the real program and a Docker engine.
	if program := os.Getenv("CONTAINER_STRUCTURE_TEST"); program != "" {
		fmt.Fprintf(os.Stderr, "%s: %v\n", program, syscall.Exec(program, append([]string{program}, os.Args[1:]...), os.Environ()))
		os.Exit(1)
	}
	if err := run(); err != nil {
		fmt.Fprintf(os.Stderr, "structure_test: %v\n", err)
		os.Exit(1)
	}
}

func run() (err error) {
	opts, err := parse(os.Args[1:])
	if err != nil {
		return err
	}
	logrus.SetLevel(logrus.WarnLevel) // the real program's default
	isolated := container.IsolateMounts()
	dir, err := os.MkdirTemp(os.Getenv("TEST_TMPDIR"), "structure-test-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, container.Discard(dir)) }()
	// Bazel ends a test that takes too long with SIGTERM.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	image, err := driver.Open(ctx, opts.ImageFromLayout, opts.Platform, dir, isolated)
	if err != nil {
		return err
	}
	var results []*unversioned.TestResult
	for _, file := range opts.ConfigFiles {
		output.Banner(os.Stdout, file)
		results = append(results, check(image, file)...)
	}
	// The real program prints nothing if it writes a report. Bazel prints a failed test's output, and not its report.
	err = process(os.Stdout, unversioned.Text, opts, results)
	if opts.TestReport == "" {
		return err
	}
	report, err := os.Create(opts.TestReport)
	if err != nil {
		return err
	}
	return errors.Join(process(report, opts.Output, opts, results), report.Close())
}

// parse parses those flags of the real program that the rule uses.
func parse(args []string) (*config.StructureTestOptions, error) {
	if len(args) == 0 || args[0] != "test" {
		return nil, errors.New("the one command is test")
	}
	opts := &config.StructureTestOptions{}
	flags := flag.NewFlagSet("structure_test test", flag.ExitOnError)
	flags.StringVar(&opts.ImagePath, "image", "", "not supported")
	flags.StringVar(&opts.ImageFromLayout, "image-from-oci-layout", "", "OCI layout directory")
	flags.StringVar(&opts.Platform, "platform", "linux/"+runtime.GOARCH, "os/architecture[/variant] the image must be for; empty: any")
	flags.StringVar(&opts.Driver, "driver", drivers.Docker, "docker")
	flags.StringVar(&opts.TestReport, "test-report", "", "file for the report")
	flags.Var(&opts.Output, "output", "format of the report: text, json or junit")
	flags.StringVar(&opts.JunitSuiteName, "junit-suite-name", "", "name in the report")
	// These two name the image in Docker. Here it needs no name.
	flags.StringVar(&opts.DefaultImageTag, "default-image-tag", "", "accepted")
	flags.BoolVar(&opts.IgnoreRefAnnotation, "ignore-ref-annotation", false, "accepted")
	flags.Func("config", "configuration file; may be repeated", func(path string) error {
		opts.ConfigFiles = append(opts.ConfigFiles, path)
		return nil
	})
	if err := flags.Parse(args[1:]); err != nil {
		return nil, err
	}
	switch {
	case flags.NArg() > 0:
		return nil, fmt.Errorf("argument %q: not supported here", flags.Arg(0))
	case opts.Driver != drivers.Docker:
		return nil, fmt.Errorf("driver %q: not supported here: use docker", opts.Driver)
	case opts.ImageFromLayout == "" || opts.ImagePath != "":
		return nil, errors.New("the docker driver reads no archive here: use the oci_image, not the .tar of an oci_load")
	}
	return opts, test.ValidateArgs(opts)
}

// check runs the tests of one file.
func check(image *driver.Image, file string) (results []*unversioned.TestResult) {
	tests, err := test.Parse(file, &drivers.DriverConfig{}, image.NewDriver)
	if err == nil {
		err = supported(tests)
	}
	if err != nil {
		return []*unversioned.TestResult{{Errors: []string{fmt.Sprintf("error parsing config file: %s", err)}}}
	}
	channel := make(chan any)
	go func() {
		tests.RunAll(channel, file)
		close(channel)
	}()
	for result := range channel {
		results = append(results, result.(*unversioned.TestResult))
	}
	return results
}

// supported returns an error for a configuration that Docker's driver would apply to other files.
func supported(tests any) error {
	config, ok := tests.(*v2.StructureTest)
	if !ok {
		return errors.New("schema version 1.0.0: not supported here: use 2.0.0")
	}
	if len(config.ContainerRunOptions.BindMounts) > 0 && len(config.FileContentTests)+len(config.FileExistenceTests)+len(config.LicenseTests) > 0 {
		return errors.New("bindMounts would let tests of files look at the machine's: write those in another file")
	}
	return nil
}

// process prints the results, and returns an error if one failed or there is none.
func process(out *os.File, format unversioned.OutputValue, opts *config.StructureTestOptions, results []*unversioned.TestResult) error {
	channel := make(chan any, len(results))
	for _, result := range results {
		channel <- result
	}
	close(channel)
	return test.ProcessResults(out, format, opts.JunitSuiteName, channel)
}
