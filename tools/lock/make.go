package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"

	"github.com/iptables-wrappers/iptables-wrappers/tools/distros"
	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/closure"
	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/index"
	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/lockfile"
)

type request struct {
	client        *http.Client
	distro        distros.Distro
	name, release string
	mirror        string // empty for the distribution's own
	keys          string // file
}

// source returns all packages of one architecture, and how their versions compare.
type source func(ctx context.Context, architecture string) ([]*closure.Package, error)

func makeLock(ctx context.Context, r request) (*lockfile.Lock, error) {
	from, compare, err := r.source()
	if err != nil {
		return nil, err
	}
	lock := &lockfile.Lock{
		FormatVersion: lockfile.FormatVersion,
		Distro:        r.name,
		Release:       r.release,
		Architectures: map[string][]lockfile.Package{},
	}
	for _, architecture := range r.distro.Releases[r.release].Architectures {
		candidates, err := from(ctx, architecture)
		if err != nil {
			return nil, err
		}
		solver, err := closure.New(candidates, compare)
		if err != nil {
			return nil, err
		}
		locked := map[string]lockfile.Package{}
		for name, variant := range r.distro.Variants {
			needed, err := solver.Resolve(variant.Packages, variant.Without)
			if err != nil {
				return nil, fmt.Errorf("%s %s, variant %s for %s: %w", r.name, r.release, name, architecture, err)
			}
			for _, p := range needed {
				entry, exists := locked[p.Name]
				if !exists {
					entry = lockfile.Package{
						Name: p.Name, Version: p.Version, Architecture: p.Architecture,
						Suite: p.File.Suite, Size: p.File.Size, SHA256: p.File.SHA256, URLs: []string{p.File.URL},
					}
				}
				entry.Variants = append(entry.Variants, name)
				locked[p.Name] = entry
			}
		}
		for _, entry := range locked {
			lock.Architectures[architecture] = append(lock.Architectures[architecture], entry)
		}
	}
	text, err := lock.Bytes()
	if err != nil {
		return nil, err
	}
	return lockfile.Parse(text)
}

func (r request) source() (source, func(a, b string) (int, error), error) {
	switch r.distro.Format {
	case "deb":
		from, err := r.debian()
		return from, index.CompareDebian, err
	default:
		return nil, nil, fmt.Errorf("packages of format %q: no index is known", r.distro.Format)
	}
}

func (r request) debian() (source, error) {
	keys, err := readKeys(r.keys)
	if err != nil {
		return nil, err
	}
	fetch := index.HTTP(r.client)
	suites := append([]string{r.release}, r.distro.Releases[r.release].Suites...)
	return func(ctx context.Context, architecture string) ([]*closure.Package, error) {
		var all []*closure.Package
		for _, suite := range suites {
			archive := "debian"
			if strings.HasSuffix(suite, "-security") {
				archive = "debian-security"
			}
			mirror := "https://snapshot.debian.org/archive/" + archive + "/" + time.Now().UTC().Format("20060102T150405Z")
			if r.mirror != "" {
				mirror = strings.TrimSuffix(strings.TrimSuffix(r.mirror, "/"), "/debian") + "/" + archive
			}
			suite := index.Debian{Fetch: fetch, Mirror: mirror, Name: archive, Suite: suite, Keys: keys}
			packages, err := suite.Packages(ctx, architecture)
			if err != nil {
				return nil, err
			}
			all = append(all, packages...)
		}
		return all, nil
	}, nil
}

func readKeys(path string) (openpgp.EntityList, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	keys, err := openpgp.ReadArmoredKeyRing(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("%s: %w", path, errors.New("no keys"))
	}
	return keys, nil
}
