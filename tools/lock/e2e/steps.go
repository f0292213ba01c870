package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// lockManually locks the newest release of each distribution as a user does.
func lockManually(c *checkout, releases []release) error {
	for i, r := range releases {
		if i+1 < len(releases) && releases[i+1].distro == r.distro {
			continue
		}
		out, err := c.must("run", "//tools/lock", "--", r.distro, r.version)
		if err != nil {
			return err
		}
		step(fmt.Sprintf("./bazelw run //tools/lock -- %s %s: %d packages locked", r.distro, r.version, strings.Count(out, ": + ")))
		for _, variant := range r.variants {
			if err := c.list(r, variant); err != nil {
				return err
			}
		}
	}
	if _, err := c.must("run", "//images:update"); err != nil {
		return err
	}
	step("./bazelw run //images:update")
	return c.changed("README.md")
}

// relock locks every other release as the scheduled workflow does.
func relock(c *checkout, releases []release) error {
	out, err := c.command(c.dir, ".ci/relock", "alpine", "fedora")
	if err != nil {
		return fmt.Errorf(".ci/relock alpine fedora: %w\n%s", err, out)
	}
	step(".ci/relock alpine fedora")
	for _, r := range releases {
		_, said, found := strings.Cut(out, "\n**"+r.title+"**\n")
		if !found {
			return fmt.Errorf(".ci/relock: nothing of %s:\n%s", r.title, out)
		}
		said, _, _ = strings.Cut(said, "\n**")
		fmt.Printf("        %s: %d packages locked\n", r.title, strings.Count(said, ": + "))
	}
	var listings []string
	for _, r := range releases {
		for _, variant := range r.variants {
			listings = append(listings, "images/"+variant+"/testdata/"+r.version+".mtree")
		}
	}
	return c.changed(append(listings, "README.md")...)
}

// changed checks that files differ from the committed ones.
func (c *checkout) changed(files ...string) error {
	for _, file := range files {
		changed, err := c.git("status", "--short", "--", file)
		if err != nil {
			return err
		}
		if changed == "" {
			return fmt.Errorf("%s did not change", file)
		}
	}
	return nil
}

var listing = regexp.MustCompile(`if the change is meant: (cat .+)`)

// list fills the golden listing of a variant with the command that its test prints.
func (c *checkout) list(r release, variant string) error {
	golden := filepath.Join("images", variant, "testdata", r.version+".mtree")
	if err := os.WriteFile(filepath.Join(c.dir, golden), nil, 0o644); err != nil {
		return err
	}
	out, err := c.bazelw("test", "//images/"+variant+":"+r.version+"_layers_test")
	said := listing.FindStringSubmatch(out)
	if err == nil || said == nil {
		return fmt.Errorf("%s is empty, and its test does not say how to fill it: %w\n%s", golden, err, out)
	}
	if out, err := c.command(c.dir, "sh", "-euc", said[1]); err != nil {
		return fmt.Errorf("%s: %w\n%s", said[1], err, out)
	}
	step(golden + " filled as its test says")
	return nil
}

// test runs all tests of the images, and compares the results with the expected ones.
func test(c *checkout, releases []release) error {
	// The command fails because some tests of Fedora fail as expected.
	out, failed := c.bazelw("test", "--test_summary=short", "//images/alpine/...", "//images/fedora/...", "//images/alpine:nightly", "//images/fedora:nightly")
	if failed == nil {
		return errors.New("every test passed, also Fedora's that call alternatives, which is not there")
	}
	step("./bazelw test //images/alpine/... //images/fedora/... //images/alpine:nightly //images/fedora:nightly")
	for _, r := range releases {
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

// scan runs a scanner on every image of the releases, and checks that each contains the locked packages.
func scan(c *checkout, releases []release) error {
	for _, distro := range []string{"alpine", "fedora"} {
		out, err := c.must("run", "//tools/scan:"+distro)
		if err != nil {
			return err
		}
		step("./bazelw run //tools/scan:" + distro)
		found, want := 0, 0
		for line := range strings.Lines(out) {
			if strings.HasPrefix(line, distro+"/") {
				found++
			}
			if strings.HasPrefix(line, distro+"/") || strings.HasPrefix(line, "syft ") {
				fmt.Print("        ", line)
			}
		}
		for _, r := range releases {
			if r.distro == distro {
				want += len(r.architectures) * len(r.variants)
			}
		}
		if found != want {
			return fmt.Errorf("%d images scanned, not %d:\n%s", found, want, out)
		}
	}
	return nil
}
