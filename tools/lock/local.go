package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/lockfile"
)

// If this is the local lock of a release, packages.bzl skips every target of the release.
const nothing = `{"architectures": {}}` + "\n"

// localLocks makes local locks if a mirror deleted packages of the committed ones. For each lock with one of the lost sums, it
// writes packages.lock.local.json beside it: the architectures that lost a package have its successors. It removes the local
// locks beside all other locks. It prints a line to out for each release that lost a package, and details to log.
//
// paths are those of the locks, DIRECTORY/DISTRO/RELEASE/packages.lock.json in the checkout. The error names releases without
// any available packages. Their local locks are empty.
func localLocks(ctx context.Context, base request, paths, lost []string, out, log io.Writer) error {
	var failed []string
	for _, path := range paths {
		file := filepath.Join(base.workspace, path)
		local := strings.TrimSuffix(file, ".json") + ".local.json"
		lock, err := lockfile.Read(file)
		if err != nil {
			return err
		}
		names := named(lock, lost)
		if len(names) == 0 {
			if err := os.Remove(local); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			continue
		}
		title := lock.Distro + " " + lock.Release
		said := title + ": " + strings.Join(names, ", ") + " left the mirror"
		text := []byte(nothing)
		next, without, err := successors(ctx, base, path, lock, lost, log)
		if err != nil {
			failed = append(failed, title)
			said += fmt.Sprintf(", and what needs it is skipped: %v", err)
		} else {
			said += "; going on with what came after, in " + strings.TrimSuffix(path, ".json") + ".local.json"
			if len(without) > 0 {
				said += "; skipped: " + strings.Join(without, ", ")
			}
			if text, err = next.Bytes(); err != nil {
				return err
			}
		}
		if err := os.WriteFile(local, text, 0o644); err != nil {
			return err
		}
		fmt.Fprintln(out, said)
	}
	if len(failed) > 0 {
		return fmt.Errorf("the mirror dropped packages and has no successors of them: %s", strings.Join(failed, ", "))
	}
	return nil
}

// successors makes a lock anew for the architectures that lost a package. It returns the lock and the architectures for which
// that failed.
func successors(ctx context.Context, r request, path string, old *lockfile.Lock, lost []string, log io.Writer) (*lockfile.Lock, []string, error) {
	release := filepath.Dir(path)
	if err := r.find(filepath.Dir(filepath.Dir(release)), filepath.Base(filepath.Dir(release)), filepath.Base(release)); err != nil {
		return nil, nil, err
	}
	r.partial = true
	r.locked = old
	r.kept = func(packages []lockfile.Package) bool {
		return !slices.ContainsFunc(packages, func(p lockfile.Package) bool { return slices.Contains(lost, p.SHA256) })
	}
	// This machine reaches only this mirror, and a local lock is never committed.
	r.expired = func(warning string) { fmt.Fprintln(log, "lock: warning:", warning) }
	next, err := makeLock(ctx, r, log)
	if err != nil {
		return nil, nil, err
	}
	for _, line := range old.Diff(next) {
		fmt.Fprintln(log, line)
	}
	without := slices.Sorted(maps.Values(r.distro.Releases[r.release].Architectures))
	return next, slices.DeleteFunc(without, func(name string) bool { return next.Architectures[name] != nil }), nil
}

// named returns name and version of those packages of a lock that have one of the sums, in order and without duplicates.
func named(lock *lockfile.Lock, sums []string) []string {
	var names []string
	for _, packages := range lock.Architectures {
		for _, p := range packages {
			if slices.Contains(sums, p.SHA256) {
				names = append(names, p.Name+" "+p.Version)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
