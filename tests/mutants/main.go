// Command mutants checks that the tests detect faults. It puts small faults (mutants) into a copy of this module, one
// at a time, and runs the tests that must then fail.
//
// Usage, in the root directory of the module:
//
//	go run ./tests/mutants [-only TEXT] [-jobs NUMBER]
//
// Tests that need a root file system find it as in `go test`: DEBIAN_ROOTS, SCENARIOS_ROOTFS, FAULTS_LAYER. Run it as
// root. The outcome of a mutant is one of
//
//	killed    a test failed
//	survived  the tests passed
//	skipped   the tests cannot run on this machine
//	stale     the source does not contain the old text exactly once, or no test has the name
//	red       the tests also fail without the mutant
//	broken    the mutant cannot be compiled
//
// The exit status is 1 if a mutant survived without a reason in the list, if one with a reason was killed, or if a
// mutant is stale, red or broken.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
)

// mutant is one fault: an edit of a file, and the tests that must detect it.
type mutant struct {
	file     string // path below the root directory of the module
	pkg, run string // arguments of go test: the package, and the pattern of the tests
	survives string // why no test detects it; empty if a test must
	old, new string // old occurs exactly once
}

func main() {
	only := flag.String("only", "", "`TEXT` that is part of a mutant's file, of its edit or of its package")
	jobs := flag.Int("jobs", runtime.NumCPU(), "`NUMBER` of mutants that are tested at a time")
	flag.Parse()
	chosen := chosenBy(*only)
	wrong, skipped, err := runAll(chosen, *jobs)
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
	fmt.Printf("%d mutants, %d skipped, %d not as the list says\n", len(chosen), skipped, wrong)
	if wrong > 0 {
		os.Exit(1)
	}
}

func chosenBy(text string) (chosen []mutant) {
	for _, m := range mutants {
		if strings.Contains(m.file+m.old+m.pkg, text) {
			chosen = append(chosen, m)
		}
	}
	return chosen
}

// runAll tests the mutants, each worker in a separate copy of the module. It returns how many outcomes differ from the
// list, and how many mutants could not be tested.
func runAll(chosen []mutant, jobs int) (wrong, skipped int, err error) {
	dir, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return 0, 0, err
	}
	defer os.RemoveAll(dir)
	todo := make(chan mutant)
	var workers sync.WaitGroup
	var lock sync.Mutex
	for i := range jobs {
		copied := filepath.Join(dir, fmt.Sprint(i))
		if err := copyModule(copied); err != nil {
			return 0, 0, err
		}
		workers.Go(func() {
			for m := range todo {
				outcome, right := m.test(copied)
				lock.Lock()
				if !right {
					wrong++
				}
				if outcome == "skipped" {
					skipped++
				}
				fmt.Printf("%-9s %s: %s\n", outcome, m.file, edit(m))
				lock.Unlock()
			}
		})
	}
	for _, m := range chosen {
		todo <- m
	}
	close(todo)
	workers.Wait()
	return wrong, skipped, nil
}

func edit(m mutant) string { return strings.TrimSpace(m.old) + " -> " + strings.TrimSpace(m.new) }

// copyModule copies all files of the module in the working directory that git tracks or does not ignore.
func copyModule(to string) error {
	list, err := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		return fmt.Errorf("git ls-files: %w: run this in a checkout of the module", err)
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(list), "\x00"), "\x00") {
		info, err := os.Lstat(name)
		if errors.Is(err, os.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
			continue
		}
		data, readErr := os.ReadFile(name)
		target := filepath.Join(to, name)
		err = errors.Join(err, readErr, os.MkdirAll(filepath.Dir(target), 0o755))
		if err == nil {
			err = os.WriteFile(target, data, info.Mode().Perm())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// test returns the outcome of a mutant in the copy of the module in dir, and whether it agrees with the list.
func (m mutant) test(dir string) (outcome string, right bool) {
	file := filepath.Join(dir, m.file)
	whole, err := os.ReadFile(file)
	if err != nil || bytes.Count(whole, []byte(m.old)) != 1 {
		return "stale", false
	}
	if before, out := goTest(dir, m); before == "killed" {
		return "red\n" + out, false
	}
	if err := os.WriteFile(file, bytes.Replace(whole, []byte(m.old), []byte(m.new), 1), 0o755); err != nil {
		return err.Error(), false
	}
	outcome, out := goTest(dir, m)
	if err := os.WriteFile(file, whole, 0o755); err != nil {
		return err.Error(), false
	}
	switch outcome {
	case "survived":
		return outcome, m.survives != ""
	case "killed":
		return outcome, m.survives == ""
	case "skipped":
		return outcome, true
	}
	return outcome + "\n" + out, false
}

// goTest runs the tests of a mutant and returns its outcome.
func goTest(dir string, m mutant) (outcome, output string) {
	cmd := exec.Command("go", "test", "-v", "-count=1", "-vet=off", "-timeout=10m", "-run", m.run, m.pkg)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	text := string(out)
	switch {
	case strings.Contains(text, "[build failed]") || strings.Contains(text, "[setup failed]"):
		return "broken", text
	case err != nil:
		return "killed", text
	case strings.Contains(text, "--- PASS"):
		return "survived", text
	case strings.Contains(text, "--- SKIP"):
		return "skipped", text
	}
	return "stale", text
}
