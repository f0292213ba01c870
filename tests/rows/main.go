// Command rows shows that a release of Alpine and one of Fedora go from no lock to images that are built and tested, by the
// commands that a connected person would use, and back.
//
//	./bazelw run //tests/rows
//
// It works in a clone of what is committed, with a mirror on loopback in place of the distributions' own. The mirror serves each
// distribution's folders, package names, formats, indexes and signatures, by keys of the moment; what is in the packages is of
// Debian: real programs, with Debian's C library. It needs git, createrepo_c and busybox, and leaves nothing behind.
package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/iptables-wrappers/iptables-wrappers/tools/distros"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "rows:", err)
		os.Exit(1)
	}
}

func run(args []string) (err error) {
	if len(args) > 0 {
		return errors.New("usage: ./bazelw run //tests/rows")
	}
	workspace := os.Getenv("BUILD_WORKSPACE_DIRECTORY")
	for _, program := range []string{"git", "createrepo_c", "busybox"} {
		if _, err := exec.LookPath(program); err != nil {
			return fmt.Errorf("%w: install it", err)
		}
	}
	// Bazel, in the same terminal, is interrupted too; then this removes everything as after any other failure.
	signal.Notify(make(chan os.Signal, 1), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	scratch, err := os.MkdirTemp("", "rows-")
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
			step("the scratch folder is removed, Bazel's server with it")
		}
	}()
	step("cloned " + workspace)
	fmt.Println("        packages: Debian's programs in the distributions' formats; busybox is dash but for " + runtime.GOARCH +
		", bash is dash, and there is no alternatives and no apk")
	rows, err := newest(filepath.Join(c.folder, "images/distros.bzl"))
	if err != nil {
		return err
	}
	m := &mirror{folder: filepath.Join(scratch, "mirror"), scratch: scratch, fixtures: os.Getenv("FIXTURES")}
	if err := there(c, m, rows); err != nil {
		return err
	}
	return back(c, rows)
}

var began = time.Now()

func step(text string) { fmt.Printf("%4.0fs  %s\n", time.Since(began).Seconds(), text) }

// newest reads the table's newest release of each distribution.
func newest(table string) ([]row, error) {
	all, err := distros.Read(table)
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, name := range []string{"alpine", "fedora"} {
		r := row{distro: name}
		for release := range all[name].Releases {
			if r.release == "" || later(release, r.release) {
				r.release = release
			}
		}
		r.title, r.architectures = all[name].Title+" "+r.release, all[name].Releases[r.release].Architectures
		for variant := range all[name].Variants {
			r.variants = append(r.variants, variant)
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// later says whether a release such as 3.24 comes after another.
func later(a, b string) bool {
	first, second := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(first), len(second)) {
		x, _ := strconv.Atoi(first[i])
		y, _ := strconv.Atoi(second[i])
		if order := cmp.Compare(x, y); order != 0 {
			return order > 0
		}
	}
	return len(first) > len(second)
}

// there goes from no lock to tested images.
func there(c *checkout, m *mirror, rows []row) error {
	for _, r := range rows {
		if err := c.unlocked(r); err != nil {
			return err
		}
	}
	alpineKey, fedoraKey, err := m.newKeys(c.folder)
	if err != nil {
		return err
	}
	step("new keys in place of Alpine's and Fedora's")
	for _, r := range rows {
		for oci, own := range r.architectures {
			if r.distro == "alpine" {
				err = m.makeAlpine(r.release, oci, own, alpineKey)
			} else {
				err = m.makeFedora(r.release, oci, own, fedoraKey)
			}
			if err != nil {
				return err
			}
		}
		step(fmt.Sprintf("a mirror of %s for %d architectures", r.title, len(r.architectures)))
	}
	setting, err := m.serve()
	if err != nil {
		return err
	}
	c.env = append(c.env, "IPTABLES_WRAPPERS_MIRRORS="+setting)
	step("IPTABLES_WRAPPERS_MIRRORS='" + setting + "'")
	for _, r := range rows {
		out, err := c.must("run", "//tools/lock", "--", r.distro, r.release)
		if err != nil {
			return err
		}
		step(fmt.Sprintf("./bazelw run //tools/lock -- %s %s: %d packages locked", r.distro, r.release, strings.Count(out, ": + ")))
		for _, variant := range r.variants {
			if err := c.list(r, variant); err != nil {
				return err
			}
		}
	}
	if _, err := c.must("run", "//images:update"); err != nil {
		return err
	}
	changed, err := c.git("status", "--short", "--", "README.md", "images/matrix.json")
	if err != nil {
		return err
	}
	if strings.Count(changed, " M ") != 2 {
		return fmt.Errorf("images:update changed %q, not the README's table and the matrix", changed)
	}
	step("./bazelw run //images:update: README.md and images/matrix.json say that they are locked")
	return test(c, rows)
}

var listing = regexp.MustCompile(`if the change is meant: (cat .+)`)

// list fills the golden listing of a variant as its test says.
func (c *checkout) list(r row, variant string) error {
	golden := filepath.Join("tests/layers", variant+"_"+r.release+".mtree")
	if err := os.WriteFile(filepath.Join(c.folder, golden), nil, 0o644); err != nil {
		return err
	}
	out, err := c.bazelw("test", "//images/"+variant+":"+r.release+"_layers_test")
	said := listing.FindStringSubmatch(out)
	if err == nil || said == nil {
		return fmt.Errorf("%s is empty, and its test does not say how to fill it: %w\n%s", golden, err, out)
	}
	if out, err := c.command(c.folder, "sh", "-euc", said[1]); err != nil {
		return fmt.Errorf("%s: %w\n%s", said[1], err, out)
	}
	step(golden + " filled as its test says")
	return nil
}

// test runs what there is to test of the images, and wants what is expected.
func test(c *checkout, rows []row) error {
	// It fails, by the tests of Fedora that are known to.
	out, failed := c.bazelw("test", "--test_summary=short", "//images/alpine/...", "//images/fedora/...")
	if failed == nil {
		return errors.New("every test passed, also Fedora's that call alternatives, which is not there")
	}
	step("./bazelw test //images/alpine/... //images/fedora/...")
	for _, r := range rows {
		verdicts, err := c.verdicts(out, r)
		if err != nil {
			return fmt.Errorf("%s: %w", r.title, err)
		}
		counts := map[string]int{}
		for _, v := range verdicts {
			counts[v.status]++
			fmt.Println("       ", v)
		}
		fmt.Printf("        %s: %d passed, %d failed as expected, %d skipped for another architecture's machine\n",
			r.title, counts["PASSED"], counts["FAILED"], counts["SKIPPED"])
	}
	return nil
}

// back goes from there to no lock.
func back(c *checkout, rows []row) error {
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
	for _, r := range rows {
		if err := c.unlocked(r); err != nil {
			return err
		}
	}
	return nil
}

// unlocked wants Bazel to refuse an image for the reason that there is no lock.
func (c *checkout) unlocked(r row) error {
	target := "//images/" + r.variants[0] + ":" + r.release
	out, err := c.bazelw("build", target)
	reason := "no_lock_yet_so_run_tools_lock_" + r.distro + "_" + r.release
	if err == nil || !strings.Contains(out, reason) {
		return fmt.Errorf("./bazelw build %s: %w, and not for %s:\n%s", target, err, reason, out)
	}
	step("./bazelw build " + target + ": refused: " + reason)
	return nil
}
