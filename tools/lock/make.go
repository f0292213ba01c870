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
	workspace     string            // directory of the checkout
	tables        map[string]string // files, by the directories of the checkout
	mirrors       mirrors
	keys          string // file, for Alpine a directory
	distro        images.Distro
	name, release string
	kept          func(packages []lockfile.Package) bool // reports whether the locked architecture stays unchanged; nil: none does
	otherwise     bool                                   // keep the locked packages of an architecture that cannot be made
	partial       bool                                   // leave out an architecture that cannot be made
	// locked is the lock that is replaced. Without allowDowngrade, a lower version or an older index is an error.
	locked         *lockfile.Lock
	allowDowngrade bool
	// expired is called with a warning if a Debian index is past its Valid-Until. If it is nil, such an index is an error.
	expired func(warning string)
	warn    func(warning string)
}

// makeLock makes the lock of a release. If an architecture fails, it keeps the locked packages with r.otherwise, or is left out
// with r.partial. makeLock prints a line about it to out, unless all architectures fail.
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
		Indexes:       map[string][]lockfile.Index{},
	}
	made := 0
	var said strings.Builder
	for _, architecture := range slices.Sorted(maps.Values(r.distro.Releases[r.release].Architectures)) {
		packages, locked := r.locked.Architectures[architecture]
		indexes := r.locked.Indexes[architecture]
		err = nil
		if kept := locked && r.kept != nil && r.kept(packages); !kept {
			packages, indexes, err = makeArchitecture(ctx, r, from, architecture)
			err = printable(err)
		}
		switch {
		case err == nil:
			made++
		case locked && r.otherwise:
			fmt.Fprintf(&said, "%s: stays as it was: %v\n", architecture, err)
			packages, indexes = r.locked.Architectures[architecture], r.locked.Indexes[architecture]
		case r.partial:
			fmt.Fprintf(&said, "%s: left out: %v\n", architecture, err)
			continue
		default:
			return nil, err
		}
		lock.Architectures[architecture] = packages
		if len(indexes) > 0 {
			lock.Indexes[architecture] = indexes
		}
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

// makeArchitecture selects the packages of every variant, and records for each package the variants that contain it.
func makeArchitecture(ctx context.Context, r request, from source, architecture string) ([]lockfile.Package, []lockfile.Index, error) {
	var candidates []*closure.Package
	var indexes []lockfile.Index
	repositories := map[string]repository{} // by the suite of their packages
	for _, repository := range from.repositories(architecture) {
		packages, state, err := repository.Packages(ctx, architecture)
		if err != nil {
			return nil, nil, err
		}
		if err := r.checkOlder(architecture, state); err != nil {
			return nil, nil, err
		}
		candidates, indexes = append(candidates, packages...), append(indexes, state)
		repositories[state.Suite] = repository
	}
	solver, err := closure.New(candidates, from.rules)
	if err != nil {
		return nil, nil, err
	}
	locked := map[string]lockfile.Package{}
	for _, name := range slices.Sorted(maps.Keys(r.distro.Variants)) {
		variant := r.distro.Variants[name]
		needed, err := solver.Resolve(slices.Concat(variant.Packages, variant.Own[architecture]), variant.Without)
		if err != nil {
			return nil, nil, fmt.Errorf("%s %s, variant %s for %s: %w", r.name, r.release, name, architecture, err)
		}
		for _, p := range needed {
			entry, exists := locked[p.Name]
			if !exists {
				if err := repositories[p.File.Suite].Complete(ctx, p); err != nil {
					return nil, nil, err
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
	return packages, indexes, r.checkDowngrade(from.rules.Compare, architecture, packages)
}

// checkDowngrade compares the versions with the locked ones, in the order of the distribution's own program.
func (r request) checkDowngrade(compare func(a, b string) (int, error), architecture string, packages []lockfile.Package) error {
	if r.allowDowngrade {
		return nil
	}
	for _, old := range r.locked.Architectures[architecture] {
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

// checkOlder compares an index with that of the lock. A mirror can offer an old index, which is signed, too.
func (r request) checkOlder(architecture string, index lockfile.Index) error {
	if r.allowDowngrade {
		return nil
	}
	for _, old := range r.locked.Indexes[architecture] {
		if old.Suite != index.Suite {
			continue
		}
		if err := index.CheckNewer(old); err != nil {
			return fmt.Errorf("index %s for %s: %w: use another mirror, or -allow-downgrade if the distribution withdrew the locked index", index.Suite, architecture, err)
		}
	}
	return nil
}
