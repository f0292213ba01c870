// Command lock refreshes a packages.lock.json from the distribution's own index, whose signature it checks, and prints
// the changes.
//
//	./bazelw run //tools/lock -- [flags] DISTRO RELEASE
//	./bazelw run //tools/lock -- debian trixie
//	./bazelw run //tools/lock -- -local FILE [flags] LOCK...     makes local locks, for tools/airgap, if a mirror dropped packages
//
// The table images/distros.bzl defines the releases and the packages of their images. The flag -dir selects the table of
// another directory, and the lock is written beside that. Bazel passes the current tables (-table). The addresses in the lock
// are always the distribution's own, even if a mirror answered.
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
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/images"
	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/lockfile"
)

func main() {
	err := run(context.Background(), os.Args[1:], os.Stdout)
	if errors.Is(err, flag.ErrHelp) {
		return // the flag package has printed the usage
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "lock:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("lock", flag.ContinueOnError)
	// bazel run starts programs in another directory. This variable contains the user's.
	workspace := flags.String("workspace", os.Getenv("BUILD_WORKSPACE_DIRECTORY"), "the checkout's `DIRECTORY`")
	dir := flags.String("dir", "images", "`DIRECTORY` of the checkout with the table distros.bzl and its locks")
	tables := map[string]string{}
	flags.Func("table", "`DIRECTORY=FILE`: the table of a directory, as JSON, instead of DIRECTORY/distros.generated.json of the checkout", func(value string) error {
		dir, file, named := strings.Cut(value, "=")
		if !named {
			return errors.New("want DIRECTORY=FILE")
		}
		tables[dir] = file
		return nil
	})
	mirrorFlags := mirrors{}
	flags.Var(mirrorFlags, "mirror", "`ADDRESS` of a mirror of the distribution's archive, used instead of the distribution's servers and of the mirrors in the environment variable "+mirrorsVariable+". NAME=ADDRESS names the mirror of another archive (debian-security, fedora-secondary) that is not in the same directory, or the server of fedora-metalink")
	keys := flags.String("keys", "", "`PATH` of the keys that may sign, instead of images/DISTRO/keys: an armored file, or for Alpine a directory with *.rsa.pub files")
	local := flags.String("local", "", "`FILE` with the sha256, one per line, of packages that are not available. The arguments are locks of the checkout. Each lock with one of these packages gets a packages.lock.local.json beside it")
	keep := flags.Bool("keep", false, "if an architecture cannot be locked again, keep its locked packages, and print the reason")
	allowDowngrade := flags.Bool("allow-downgrade", false, "accept a version lower or an index older than the locked one; without this flag it is an error, because a mirror can offer an old index that is signed")
	dryRun := flags.Bool("dry-run", false, "print the changes, and write nothing")
	if err := flags.Parse(args); err != nil {
		return err
	}
	warn := func(warning string) { fmt.Fprintln(os.Stderr, "lock: warning:", warning) }
	r := request{warn: warn, client: http.DefaultClient, workspace: *workspace, tables: tables, mirrors: mirrorFlags, keys: *keys, allowDowngrade: *allowDowngrade}
	if *local != "" {
		lost, err := os.ReadFile(*local)
		if err != nil {
			return err
		}
		return localLocks(ctx, r, flags.Args(), strings.Fields(string(lost)), out, os.Stderr)
	}
	if flags.NArg() != 2 {
		return fmt.Errorf("%q: not a DISTRO and a RELEASE: ./bazelw run //tools/lock -- alpine 3.24, or another row of images/distros.bzl; -help lists the flags", flags.Args())
	}
	if err := r.find(*dir, flags.Arg(0), flags.Arg(1)); err != nil {
		return err
	}
	path := filepath.Join(*workspace, *dir, r.name, r.release, "packages.lock.json")
	old, err := lockfile.Read(path)
	if err != nil {
		return err
	}
	r.locked, r.otherwise = old, *keep
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
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o644)
}

// find sets the release from the table of a directory, and the distribution's keys and mirrors unless flags set them.
func (r *request) find(dir, name, release string) error {
	path, found := r.tables[dir]
	if !found {
		path = filepath.Join(r.workspace, dir, "distros.generated.json")
	}
	table, err := images.Read(path)
	if err != nil {
		return err
	}
	distro, exists := table[name]
	if !exists {
		return fmt.Errorf("distribution %q: not in %s/distros.bzl", name, dir)
	}
	if _, exists := distro.Releases[release]; !exists {
		return fmt.Errorf("release %q of %s: not in %s/distros.bzl", release, distro.Title, dir)
	}
	r.distro, r.name, r.release = distro, name, release
	mirrors, err := settings(os.Getenv(mirrorsVariable), name)
	if err != nil {
		return err
	}
	if len(r.mirrors) == 0 {
		r.mirrors = mirrors
	}
	if r.keys == "" {
		r.keys = filepath.Join(r.workspace, "images", name, "keys")
	}
	return nil
}
