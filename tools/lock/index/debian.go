package index

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"

	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/closure"
	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/lockfile"
)

const (
	snapshotArchive = "https://snapshot.debian.org/archive"
	snapshotFormat  = "20060102T150405Z"
	// A snapshot is made some hours after a Release file was signed. An address with a time means the last snapshot before it.
	// Files stay in the pool for a day and a half after a suite drops them (dak's StayOfExecution).
	snapshotDelay = 12 * time.Hour
)

// DebianPools are Debian's own addresses of each archive. They contain a version until its successor appears. Locks contain
// them after the address on snapshot.debian.org, which keeps all versions.
var DebianPools = map[string]string{
	"debian":          "https://ftp.debian.org/debian",
	"debian-security": "https://security.debian.org/debian-security",
}

// Debian is one suite of one archive.
type Debian struct {
	Fetch  Fetcher
	Has    func(ctx context.Context, address string) error // as Head; nil: the mirror has all files of its indexes
	Mirror string                                          // address of the archive, such as a mirror's /debian
	Name   string                                          // of the archive on snapshot.debian.org: debian or debian-security
	Suite  string
	Keys   openpgp.EntityList
	// Beside means that the suite only adds packages to another suite. It may lack architectures of that one: the security
	// archive drops some when a release becomes LTS.
	Beside bool
	// Expired is called with a warning if the index is past its Valid-Until. If it is nil, such an index is an error.
	Expired func(warning string)

	verified *Release // the suite, the same for all architectures
}

// Packages returns every package of an architecture, and the state of the index.
func (d *Debian) Packages(ctx context.Context, architecture string) ([]*closure.Package, lockfile.Index, error) {
	release, err := d.release(ctx)
	if err != nil {
		return nil, lockfile.Index{}, err
	}
	state := lockfile.Index{
		Suite: d.Suite, Date: release.Date.UTC().Format(time.RFC3339), Signature: lockfile.SignedIndex, Key: release.Key,
	}
	name := "main/binary-" + architecture + "/Packages.xz"
	sum, listed := sumOf(release.Fields["SHA256"], name)
	if !listed && d.Beside {
		return nil, state, nil
	}
	if !listed {
		return nil, state, fmt.Errorf("suite %s: no packages for %s", d.Suite, architecture)
	}
	data, err := d.listed(ctx, release.Fields, name, sum)
	if err != nil {
		return nil, state, err
	}
	text, err := unpack(data)
	if err != nil {
		return nil, state, fmt.Errorf("index %s: %w", name, err)
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, state, nil // the normal state of testing's security archive
	}
	pool := snapshotArchive + "/" + d.Name + "/" + release.Date.UTC().Add(snapshotDelay).Format(snapshotFormat)
	packages, err := ParsePackages(text, architecture, d.Suite, pool)
	for _, p := range packages {
		if p.Odd != "" {
			continue
		}
		p.File.URLs = append(p.File.URLs, DebianPools[d.Name]+strings.TrimPrefix(p.File.URLs[0], pool))
	}
	return packages, state, err
}

// Complete checks that the mirror has a package of the suite. A mirror that is being updated, or that copies only some
// architectures, lists packages that it lacks. The package is not fetched, because the signed index contains its sum.
func (d *Debian) Complete(ctx context.Context, p *closure.Package) error {
	if d.Has == nil {
		return nil
	}
	if err := d.Has(ctx, d.Address(p)); err != nil {
		return fmt.Errorf("package %s %s: %w", p.Name, p.Version, err)
	}
	return nil
}

// Address returns the address of a package on the mirror.
func (d *Debian) Address(p *closure.Package) string {
	return d.Mirror + strings.TrimPrefix(p.File.URLs[1], DebianPools[d.Name])
}

// listed fetches a file that the release lists. It prefers the address with the sum, because a newer file may have the name
// while the mirror is being updated.
func (d *Debian) listed(ctx context.Context, release map[string]string, name, sum string) ([]byte, error) {
	dir := d.Mirror + "/dists/" + d.Suite + "/"
	var data []byte
	err := errNotFound
	if release["Acquire-By-Hash"] == "yes" {
		data, err = d.Fetch(ctx, dir+path.Dir(name)+"/by-hash/SHA256/"+sum, maxIndex)
	}
	if errors.Is(err, errNotFound) { // mirrors that copy by name only
		data, err = d.Fetch(ctx, dir+name, maxIndex)
	}
	if err != nil {
		return nil, err
	}
	return data, checkSum(name, data, sum)
}

// release fetches InRelease once.
func (d *Debian) release(ctx context.Context) (*Release, error) {
	if d.verified != nil {
		return d.verified, nil
	}
	data, err := d.Fetch(ctx, d.Mirror+"/dists/"+d.Suite+"/InRelease", maxRelease)
	if err != nil {
		return nil, err
	}
	r, err := VerifyInRelease(data, d.Keys)
	if err != nil {
		return nil, fmt.Errorf("suite %s: InRelease: %w", d.Suite, err)
	}
	if r.Fields["Codename"] != d.Suite {
		return nil, fmt.Errorf("suite %s: InRelease is that of %q", d.Suite, r.Fields["Codename"])
	}
	if err := r.checkDates(time.Now()); err != nil {
		err = fmt.Errorf("suite %s: InRelease: %w", d.Suite, err)
		if !errors.Is(err, errExpired) || d.Expired == nil {
			return nil, err
		}
		d.Expired(err.Error())
	}
	d.verified = r
	return r, nil
}

// sumOf finds a file in a Release file's field of lines "sum size name".
func sumOf(lines, name string) (string, bool) {
	for line := range strings.Lines(lines) {
		fields := strings.Fields(line)
		if len(fields) == 3 && fields[2] == name {
			return fields[0], true
		}
	}
	return "", false
}
