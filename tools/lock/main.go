// Command lock refreshes a packages.lock.json from the distribution's own index, whose signature it checks, and says
// what changed.
//
//	./bazelw run //tools/lock -- [flags] DISTRO RELEASE
//	./bazelw run //tools/lock -- debian trixie
//
// The table images/distros.bzl says which there are, and what goes into their images; with -folder it is another folder's
// table, and the lock is kept beside that. What the lock names is always the distribution's own address, whichever mirror
// was asked.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/tools/distros"
	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/lockfile"
)

func main() {
	err := run(context.Background(), os.Args[1:], os.Stdout)
	if errors.Is(err, flag.ErrHelp) {
		return // the flags are printed already
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "lock:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("lock", flag.ContinueOnError)
	// bazel run starts programs elsewhere and says in this variable where the user is.
	workspace := flags.String("workspace", os.Getenv("BUILD_WORKSPACE_DIRECTORY"), "the checkout's `DIRECTORY`")
	folder := flags.String("folder", "images", "`FOLDER` of the checkout with the table distros.bzl and the locks it is for")
	mirrors := mirrors{}
	flags.Var(mirrors, "mirror", "`ADDRESS` of the distribution's archive, instead of its own; NAME=ADDRESS of another archive, debian-security, if it is not beside that")
	keys := flags.String("keys", "", "keys that may sign, a `PATH` instead of images/DISTRO/keys: an armored file, for Alpine a folder of *.rsa.pub")
	output := flags.String("output", "", "`FILE` to write, instead of the release's packages.lock.json, which the changes are said against")
	gone := flags.String("gone", "", "`FILE` of the sha256, one a line, of locked packages that are nowhere to be had: only architectures with one of them are made anew, and left out where that fails")
	dryRun := flags.Bool("dry-run", false, "say what would change, write nothing")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 2 {
		return errors.New("usage: lock [flags] DISTRO RELEASE")
	}
	name, release := flags.Arg(0), flags.Arg(1)
	table, err := distros.Read(filepath.Join(*workspace, *folder, "distros.bzl"))
	if err != nil {
		return err
	}
	distro, exists := table[name]
	if !exists {
		return fmt.Errorf("distribution %q: not in %s/distros.bzl", name, *folder)
	}
	if _, exists := distro.Releases[release]; !exists {
		return fmt.Errorf("release %q of %s: not in %s/distros.bzl", release, distro.Title, *folder)
	}
	if *keys == "" {
		*keys = filepath.Join(*workspace, "images", name, "keys")
	}
	path := filepath.Join(*workspace, *folder, name, release, "packages.lock.json")
	old, err := lockfile.Read(path)
	if err != nil {
		return err
	}
	r := request{client: http.DefaultClient, distro: distro, name: name, release: release, mirrors: mirrors, keys: *keys}
	if *gone != "" {
		r.partial = true
		if r.kept, err = unaffected(old, *gone); err != nil {
			return err
		}
	}
	next, err := makeLock(ctx, r, out)
	if err != nil {
		return err
	}
	for _, line := range old.Diff(next) {
		fmt.Fprintln(out, line)
	}
	text, err := next.Bytes()
	if err != nil || *dryRun {
		return err
	}
	if *output != "" {
		path = *output
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o644)
}

// unaffected returns the architectures of a lock that name none of the packages whose sums the file has.
func unaffected(lock *lockfile.Lock, file string) (map[string][]lockfile.Package, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	gone := strings.Fields(string(text))
	kept := map[string][]lockfile.Package{}
	for architecture, packages := range lock.Architectures {
		lost := func(p lockfile.Package) bool { return slices.Contains(gone, p.SHA256) }
		if !slices.ContainsFunc(packages, lost) {
			kept[architecture] = packages
		}
	}
	return kept, nil
}

// mirrors has the address of each archive by its name, "" being the distribution's first.
type mirrors map[string]string

func (m mirrors) String() string { return "" }

func (m mirrors) Set(value string) error {
	name, address, named := strings.Cut(value, "=")
	if !named || strings.Contains(name, "/") { // an address may have a query
		name, address = "", value
	}
	m[name] = strings.TrimSuffix(address, "/")
	return nil
}
