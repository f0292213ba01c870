package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/closure"
	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/index"
	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/lockfile"
)

// The distributions' own addresses.
const (
	alpineOrigin  = "https://dl-cdn.alpinelinux.org/alpine"
	fedoraOrigin  = "https://dl.fedoraproject.org/pub/fedora/linux"
	fedoraArchive = "https://archives.fedoraproject.org/pub/archive/fedora/linux" // a release is moved here after its end
	// Architectures that fedoraPrimary lacks.
	fedoraSecondary        = "https://dl.fedoraproject.org/pub/fedora-secondary"
	fedoraSecondaryArchive = "https://archives.fedoraproject.org/pub/archive/fedora-secondary"
	// The second source of the sum of Fedora's index, which no mirror controls.
	fedoraMetalink = "https://mirrors.fedoraproject.org/metalink"
)

var fedoraPrimary = []string{"aarch64", "x86_64"}

// repository is one index with its packages: *index.Debian, index.Alpine or index.Fedora.
type repository interface {
	// Packages returns all packages of one architecture, and the state of the index.
	Packages(ctx context.Context, architecture string) ([]*closure.Package, lockfile.Index, error)
	// Complete checks a selected package, and adds what the index does not contain.
	Complete(ctx context.Context, p *closure.Package) error
}

// source describes where the packages of one release come from.
type source struct {
	repositories func(architecture string) []repository
	rules        closure.Rules // for the choice among packages
}

func (r request) source() (source, error) {
	open, known := map[string]func() (source, error){"apk": r.alpine, "deb": r.debian, "rpm": r.fedora}[r.distro.Format]
	if !known {
		return source{}, fmt.Errorf("packages of format %q: no index is known", r.distro.Format)
	}
	from, err := open()
	if errors.Is(err, fs.ErrNotExist) {
		return source{}, fmt.Errorf("no keys to check the index of %s with: %w; those of the table are fetched by: ./bazelw run //tools/lock/keys", r.distro.Title, err)
	}
	return from, err
}

func (r request) debian() (source, error) {
	keys, err := index.ReadKeys(r.keys)
	if err != nil {
		return source{}, err
	}
	var suites []repository
	for i, name := range append([]string{r.release}, r.distro.Releases[r.release].Suites...) {
		suite := &index.Debian{Fetch: index.HTTP(r.client), Name: "debian", Suite: name, Keys: keys, Beside: i > 0, Expired: r.expired}
		if strings.HasSuffix(name, "-security") {
			suite.Name = "debian-security"
		}
		suite.Mirror = "https://snapshot.debian.org/archive/" + suite.Name + "/" + time.Now().UTC().Format("20060102T150405Z")
		if first := r.mirrors[""]; r.mirrors[suite.Name] != "" {
			suite.Mirror, suite.Has = r.mirrors[suite.Name], index.Head(r.client)
		} else if first != "" {
			suite.Mirror, suite.Has = strings.TrimSuffix(first, "/debian")+"/"+suite.Name, index.Head(r.client)
		}
		suites = append(suites, suite)
	}
	return source{func(string) []repository { return suites }, index.Deb}, nil
}

// alpine reads the release's repository main, and the additional repositories in images/distros.bzl.
func (r request) alpine() (source, error) {
	keys, err := index.ReadAlpineKeys(r.keys)
	if err != nil {
		return source{}, err
	}
	var all []repository
	for _, name := range append([]string{"main"}, r.distro.Releases[r.release].Suites...) {
		all = append(all, index.Alpine{
			Fetch: index.HTTP(r.client), Mirror: r.mirrorOr(alpineOrigin), Origin: alpineOrigin, Path: "v" + r.release + "/" + name, Keys: keys,
		})
	}
	return source{func(string) []repository { return all }, index.Apk}, nil
}

// fedora reads the packages of the release as it was published, and the additional repositories in images/distros.bzl (updates).
func (r request) fedora() (source, error) {
	keys, err := index.ReadKeys(r.keys)
	if err != nil {
		return source{}, err
	}
	indexKeys, err := index.ReadIndexKeys(r.keys)
	if err != nil {
		return source{}, err
	}
	main := index.Fedora{
		Fetch: index.HTTP(r.client), Mirror: r.mirrorOr(fedoraOrigin), Origins: []string{fedoraOrigin, fedoraArchive}, Keys: keys, IndexKeys: indexKeys,
		FetchMetalink: index.HTTPS(r.client), Warn: r.warn,
	}
	secondary := main
	secondary.Origins = []string{fedoraSecondary, fedoraSecondaryArchive}
	secondary.Mirror = fedoraSecondary
	if first := r.mirrors[""]; r.mirrors["fedora-secondary"] != "" {
		secondary.Mirror = r.mirrors["fedora-secondary"]
	} else if first != "" {
		secondary.Mirror = strings.TrimSuffix(first, "/fedora/linux") + "/fedora-secondary"
	}
	repositories := func(architecture string) []repository {
		tree := secondary
		if slices.Contains(fedoraPrimary, architecture) {
			tree = main
		}
		metalink := r.metalink(tree.Mirror == tree.Origins[0])
		tree.Metalink = metalink("fedora-"+r.release, architecture)
		tree.Path = "releases/" + r.release + "/Everything/" + architecture + "/os"
		all := []repository{tree}
		for _, name := range r.distro.Releases[r.release].Suites {
			tree.Path = name + "/" + r.release + "/Everything/" + architecture
			tree.Metalink = metalink(name+"-released-f"+r.release, architecture)
			all = append(all, tree)
		}
		return all
	}
	return source{repositories, index.RPM}, nil
}

// metalink returns a function that returns the address of a repository's metalink. The address is empty if the operator named a mirror,
// which may be the only server that this machine reaches, and named no metalink.
func (r request) metalink(official bool) func(repository, architecture string) string {
	address := r.mirrors["fedora-metalink"]
	if address == "" && official {
		address = fedoraMetalink
	}
	return func(repository, architecture string) string {
		if address == "" {
			return ""
		}
		return address + "?repo=" + repository + "&arch=" + architecture
	}
}

func (r request) mirrorOr(origin string) string {
	return cmp.Or(r.mirrors[""], origin)
}
