// Command fuzz runs each Go fuzz target of the checkout for a time, one after the other:
//
//	go run ./tools/fuzz -time 1m [PACKAGE...]
//
// Each target starts from its committed corpus in testdata/fuzz. Go writes an input that fails to the same directory, where
// every later test run replays it. Exits with 1 if any target fails, after it has run all of them.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

func main() {
	each := flag.Duration("time", time.Minute, "how long each target runs")
	flag.Parse()
	packages := flag.Args()
	if len(packages) == 0 {
		packages = []string{"./..."}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *each, packages); err != nil {
		fmt.Fprintln(os.Stderr, "fuzz:", err)
		os.Exit(1)
	}
}

// target is one fuzz target.
type target struct{ pkg, name string }

func run(ctx context.Context, each time.Duration, packages []string) error {
	targets, err := find(ctx, packages)
	if err != nil {
		return err
	}
	if len(targets) == 0 {
		return fmt.Errorf("%s: no fuzz targets: name packages that have some, or none for all", strings.Join(packages, " "))
	}
	var failed []string
	for _, t := range targets {
		if err := t.fuzz(ctx, each); ctx.Err() != nil {
			return ctx.Err()
		} else if err != nil {
			fmt.Printf("%s %s: FAILED: %v\n", t.pkg, t.name, err)
			failed = append(failed, t.pkg+" "+t.name)
		}
	}
	fmt.Printf("%d targets, %s each, %d failed\n", len(targets), each, len(failed))
	if len(failed) > 0 {
		return fmt.Errorf("%s: an input fails: see its output above: replay the input in testdata/fuzz with go test", strings.Join(failed, ", "))
	}
	return nil
}

// find lists the fuzz targets. Only the packages whose sources have one are compiled.
func find(ctx context.Context, packages []string) (targets []target, err error) {
	list, err := output(ctx, append([]string{"list", "-f", "{{.ImportPath}} {{.Dir}}"}, packages...)...)
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(list) {
		pkg, dir, _ := strings.Cut(strings.TrimSpace(line), " ")
		files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(files, func(file string) bool {
			text, err := os.ReadFile(file)
			return err == nil && bytes.Contains(text, []byte("\nfunc Fuzz"))
		}) {
			continue
		}
		names, err := output(ctx, "test", "-list", "^Fuzz", pkg)
		if err != nil {
			return nil, err
		}
		for name := range strings.Lines(names) {
			if strings.HasPrefix(name, "Fuzz") {
				targets = append(targets, target{pkg, strings.TrimSpace(name)})
			}
		}
	}
	return targets, nil
}

// fuzz runs one target, and once more if the go command failed at the end of the time without a failing input, which is
// https://go.dev/issue/75804 (fixed in Go 1.27).
func (t target) fuzz(ctx context.Context, each time.Duration) error {
	fmt.Printf("%s %s\n", t.pkg, t.name)
	for again := true; ; again = false {
		var report strings.Builder
		command := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-fuzz", "^"+t.name+"$", "-fuzztime", each.String(), "-fuzzminimizetime", "10s", t.pkg)
		command.Stdout, command.Stderr = io.MultiWriter(os.Stdout, &report), os.Stderr
		err := command.Run()
		if late := strings.Contains(report.String(), "context deadline exceeded") && !strings.Contains(report.String(), "Failing input"); err == nil || !late || !again {
			return err
		}
	}
}

func output(ctx context.Context, arguments ...string) (string, error) {
	command := exec.CommandContext(ctx, "go", arguments...)
	command.Stderr = os.Stderr
	out, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w", command, err)
	}
	return string(out), nil
}
