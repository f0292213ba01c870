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
	mirror := flags.String("mirror", "", "`ADDRESS` of the distribution's archive, instead of its own")
	keys := flags.String("keys", "", "keys that may sign, a `PATH` instead of images/DISTRO/keys: an armored file, for Alpine a folder of *.rsa.pub")
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
	next, err := makeLock(ctx, request{
		client: http.DefaultClient, distro: distro, name: name, release: release, mirror: *mirror, keys: *keys,
	})
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
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o644)
}
