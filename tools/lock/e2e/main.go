// Command e2e checks that every release of Alpine and Fedora can go from no lock to images that are built, tested and scanned,
// and back. It uses the commands that a user with network access uses.
//
//	./bazelw run //tools/lock/e2e
//
// It works in a clone of the committed files, with a mirror on loopback that replaces the distributions' own. The mirror has
// each distribution's directories, package names, formats, indexes and signatures, made with temporary keys. The packages
// contain Debian's programs and C library. The command needs git, jq, createrepo_c and busybox, and removes all of its files.
package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/iptables-wrappers/iptables-wrappers/images"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		os.Exit(1)
	}
}

func run(args []string) (err error) {
	if len(args) > 0 {
		return fmt.Errorf("%q: unexpected: it takes no arguments", args)
	}
	workspace := os.Getenv("BUILD_WORKSPACE_DIRECTORY")
	for _, program := range []string{"git", "jq", "createrepo_c", "busybox"} {
		if _, err := exec.LookPath(program); err != nil {
			return fmt.Errorf("%w: install it", err)
		}
	}
	// The same terminal interrupts Bazel, too. Then this program cleans up as after any other failure.
	signal.Notify(make(chan os.Signal, 1), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	scratch, err := os.MkdirTemp("", "lock-e2e-")
	if err != nil {
		return err
	}
	c, err := clone(workspace, scratch)
	if err != nil {
		return errors.Join(err, os.RemoveAll(scratch))
	}
	defer func() {
		err = errors.Join(err, c.remove())
		if err == nil {
			step("the scratch directory is removed, with Bazel's server")
		}
	}()
	step("cloned " + workspace)
	fmt.Println("        packages: Debian's programs in the distributions' formats; busybox is dash but for " + runtime.GOARCH +
		", bash is dash, and there is no alternatives and no apk")
	releases, err := readReleases(filepath.Join(c.dir, "images/distros.generated.json"))
	if err != nil {
		return err
	}
	if err := lockAndTest(c, releases); err != nil {
		return err
	}
	return restore(c, releases)
}

var began = time.Now()

func step(text string) { fmt.Printf("%4.0fs  %s\n", time.Since(began).Seconds(), text) }

// readReleases reads the table's releases of Alpine and Fedora, the newest of each last.
func readReleases(table string) ([]release, error) {
	all, err := images.Read(table)
	if err != nil {
		return nil, err
	}
	var releases []release
	for _, name := range []string{"alpine", "fedora"} {
		for _, version := range slices.Sorted(maps.Keys(all[name].Releases)) {
			releases = append(releases, release{
				distro: name, version: version, title: all[name].Title + " " + version,
				architectures: all[name].Releases[version].Architectures,
				variants:      slices.Sorted(maps.Keys(all[name].Variants)),
			})
		}
	}
	return releases, nil
}

// lockAndTest locks, builds, tests and scans the images of all releases, which had no lock.
func lockAndTest(c *checkout, releases []release) error {
	for _, r := range releases {
		if err := c.unlocked(r); err != nil {
			return err
		}
	}
	m, err := newMirror(filepath.Join(c.scratch, "mirror"), c.dir)
	if err != nil {
		return err
	}
	step("new keys in place of Alpine's and Fedora's")
	if err := m.fill(releases); err != nil {
		return err
	}
	for _, r := range releases {
		step(fmt.Sprintf("a mirror of %s for %d architectures", r.title, len(r.architectures)))
	}
	setting, err := m.serve()
	if err != nil {
		return err
	}
	c.env = append(c.env, "IPTABLES_WRAPPERS_MIRRORS="+setting)
	step("IPTABLES_WRAPPERS_MIRRORS='" + setting + "'")
	if err := lockManually(c, releases); err != nil {
		return err
	}
	if err := relock(c, releases); err != nil {
		return err
	}
	if err := test(c, releases); err != nil {
		return err
	}
	return scan(c, releases)
}

// restore removes all changes from the checkout, and checks that its releases have no lock again.
func restore(c *checkout, releases []release) error {
	for _, args := range [][]string{{"checkout", "--quiet", "."}, {"clean", "-dfq"}} {
		if _, err := c.git(args...); err != nil {
			return err
		}
	}
	left, err := c.git("status", "--porcelain")
	if err != nil {
		return err
	}
	if left != "" {
		return fmt.Errorf("left behind in the checkout:\n%s", left)
	}
	step("git checkout . && git clean -df: git status --porcelain says nothing")
	for _, r := range releases {
		if err := c.unlocked(r); err != nil {
			return err
		}
	}
	return nil
}

// unlocked checks that Bazel refuses an image because there is no lock.
func (c *checkout) unlocked(r release) error {
	target := "//images/" + r.variants[0] + ":" + r.version
	out, err := c.bazelw("build", target)
	reason := "no_lock_yet_so_run_tools_lock_" + r.distro + "_" + r.version
	if err == nil || !strings.Contains(out, reason) {
		return fmt.Errorf("./bazelw build %s: %w, and not for %s:\n%s", target, err, reason, out)
	}
	step("./bazelw build " + target + ": refused: " + reason)
	return nil
}
