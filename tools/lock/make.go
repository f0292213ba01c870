package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/images"
	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/closure"
	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/lockfile"
)

type request struct {
	client        *http.Client
	workspace     string            // the checkout's folder
	tables        map[string]string // files, by the checkout's folders
	mirrors       mirrors
	keys          string // file, for Alpine a folder
	distro        images.Distro
	name, release string
	kept          map[string][]lockfile.Package
	otherwise     map[string][]lockfile.Package
	partial       bool
	// locked are the packages of the lock that is replaced: without allowDowngrade, a lower version than theirs is an error.
	locked         map[string][]lockfile.Package
	allowDowngrade bool
}

// makeLock makes the lock of a release. Of an architecture in r.kept the packages stay. One that cannot be made has those in
// r.otherwise, or with r.partial is left out; either is said to out, as long as another can be made.
func makeLock(ctx context.Context, r request, out io.Writer) (*lockfile.Lock, error) {
	from, err := r.source()
	if err != nil {
		return nil, err
	}
	lock := &lockfile.Lock{
		FormatVersion: lockfile.FormatVersion,
		Distro:        r.name,
		Release:       r.release,
		Architectures: map[string][]lockfile.Package{},
	}
	made := 0
	var said strings.Builder
	for _, architecture := range slices.Sorted(maps.Values(r.distro.Releases[r.release].Architectures)) {
		packages, kept := r.kept[architecture]
		if !kept {
			packages, err = makeArchitecture(ctx, r, from, architecture)
		}
		old, has := r.otherwise[architecture]
		switch {
		case err == nil:
			made++
		case has:
			fmt.Fprintf(&said, "%s: stays as it was: %v\n", architecture, err)
			packages = old
		case r.partial:
			fmt.Fprintf(&said, "%s: left out: %v\n", architecture, err)
			continue
		default:
			return nil, err
		}
		lock.Architectures[architecture] = packages
	}
	if made == 0 {
		return nil, err
	}
	io.WriteString(out, said.String())
	text, err := lock.Bytes()
	if err != nil {
		return nil, err
	}
	return lockfile.Parse(text)
}

// makeArchitecture selects the packages of every variant, and says for each package which those are.
func makeArchitecture(ctx context.Context, r request, from source, architecture string) ([]lockfile.Package, error) {
	candidates, err := from.packages(ctx, architecture)
	if err != nil {
		return nil, err
	}
	solver, err := closure.New(candidates, from.rules)
	if err != nil {
		return nil, err
	}
	locked := map[string]lockfile.Package{}
	for _, name := range slices.Sorted(maps.Keys(r.distro.Variants)) {
		variant := r.distro.Variants[name]
		needed, err := solver.Resolve(slices.Concat(variant.Packages, variant.Own[architecture]), variant.Without)
		if err != nil {
			return nil, fmt.Errorf("%s %s, variant %s for %s: %w", r.name, r.release, name, architecture, err)
		}
		for _, p := range needed {
			entry, exists := locked[p.Name]
			if !exists {
				if err := from.complete(ctx, p); err != nil {
					return nil, err
				}
				entry = lockfile.Package{
					Name: p.Name, Version: p.Version, Architecture: p.Architecture,
					Suite: p.File.Suite, Size: p.File.Size, SHA256: p.File.SHA256, URLs: p.File.URLs,
				}
			}
			entry.Variants = append(entry.Variants, name)
			locked[p.Name] = entry
		}
	}
	packages := slices.Collect(maps.Values(locked))
	return packages, r.checkDowngrade(from.rules.Compare, architecture, packages)
}

// checkDowngrade compares the versions with those that are locked, as the distribution's own program compares versions.
func (r request) checkDowngrade(compare func(a, b string) (int, error), architecture string, packages []lockfile.Package) error {
	if r.allowDowngrade {
		return nil
	}
	for _, old := range r.locked[architecture] {
		at := slices.IndexFunc(packages, func(p lockfile.Package) bool { return p.Name == old.Name })
		if at < 0 {
			continue
		}
		order, err := compare(packages[at].Version, old.Version)
		if err != nil {
			return fmt.Errorf("package %s for %s: compare with the locked version: %w", old.Name, architecture, err)
		}
		if order < 0 {
			return fmt.Errorf("package %s for %s: version %s is lower than the locked %s: use another mirror, or -allow-downgrade if the distribution withdrew the locked version",
				old.Name, architecture, packages[at].Version, old.Version)
		}
	}
	return nil
}
