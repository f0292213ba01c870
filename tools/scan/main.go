// Command scan runs a real scanner, syft, on every image of a release, for all architectures, and on images of each
// package format. It compares the packages that syft finds with the locks: README.md describes the comparison.
//
// Start it with "bazel run //tools/scan", or with //tools/scan:DISTRO for one distribution's images. These targets set
// the arguments.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/tools/programs"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "scan:", err)
		os.Exit(1)
	}
}

// subject is one image, and the packages that a scanner must find in it.
type subject struct {
	name  string
	image string   // directory of an OCI layout with one image
	want  []string // NAME@VERSION, sorted
}

func run(args []string) error {
	flags := flag.NewFlagSet("scan", flag.ExitOnError)
	contents := flags.String("contents", "", "JSON `FILE` of //tools/release:contents")
	goCommand := flags.String("go", "go", "go command")
	module := flags.String("module", "syft/go.mod", "`go.mod` that names the version of syft")
	var fixtures []fixture
	flags.Func("fixture", "`NAME=REVISION=LAYOUT=PACKAGE,...` of an image of tests/layouts", func(s string) error {
		parts := strings.SplitN(s, "=", 4)
		if len(parts) != 4 {
			return errors.New("not NAME=REVISION=LAYOUT=PACKAGE,...")
		}
		fixtures = append(fixtures, fixture{parts[0], parts[1], parts[2], strings.Split(parts[3], ",")})
		return nil
	})
	if err := flags.Parse(args); err != nil {
		return err
	}
	path, err := filepath.Abs(*module)
	if err != nil {
		return err
	}
	source := programs.Source{
		Go: *goCommand, Module: path, Main: "github.com/anchore/syft", Cost: "7 minutes of CPU",
		Packages: []string{"github.com/anchore/syft/cmd/syft"},
	}
	built, err := source.Build()
	if err != nil {
		return err
	}
	version, err := source.Version()
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "scan")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	subjects, err := collect(*contents, fixtures, work)
	if err != nil {
		return err
	}
	if len(subjects) == 0 {
		return errors.New("no image to scan: the releases of this distribution have no lock; ./bazelw run //tools/lock -- DISTRO RELEASE makes one")
	}
	wrong, packages := 0, 0
	for _, s := range subjects {
		found, err := scan(filepath.Join(built, "syft"), s.image)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		packages += len(found)
		differs := differences(s.want, found)
		verdict := "as locked"
		if len(differs) > 0 {
			wrong++
			verdict = "WRONG: " + strings.Join(differs, ", ")
		}
		fmt.Printf("%-40s %3d packages  %-32s %s\n", s.name, len(found), iptables(found), verdict)
	}
	fmt.Printf("syft %s: %d images, %d packages, %d images not as locked\n", version, len(subjects), packages, wrong)
	if wrong > 0 {
		return errors.New("images differ from their locks: see above")
	}
	return nil
}
