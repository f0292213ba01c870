package index

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"slices"

	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/lockfile"
)

// metalink is a document of Fedora's MirrorManager: the addresses of repomd.xml on the mirrors, and its sums. The alternates are
// earlier indexes, which mirrors still have.
type metalink struct {
	Files []struct {
		Name       string     `xml:"name,attr"`
		Sums       []checksum `xml:"verification>hash"`
		Alternates []struct {
			Sums []checksum `xml:"verification>hash"`
		} `xml:"alternates>alternate"`
	} `xml:"files>file"`
}

// ParseMetalink returns the sha256 sums that repomd.xml may have.
func ParseMetalink(text []byte) ([]string, error) {
	var document metalink
	if err := xml.Unmarshal(text, &document); err != nil {
		return nil, fmt.Errorf("metalink: %w", err)
	}
	var all []checksum
	for _, file := range document.Files {
		if file.Name != "repomd.xml" {
			continue
		}
		all = append(all, file.Sums...)
		for _, alternate := range file.Alternates {
			all = append(all, alternate.Sums...)
		}
	}
	var sums []string
	for _, stated := range all {
		if stated.Type != "sha256" {
			continue
		}
		sum, err := stated.sha256()
		if err != nil {
			return nil, fmt.Errorf("metalink: %w", err)
		}
		sums = append(sums, sum)
	}
	if len(sums) == 0 {
		return nil, errors.New("metalink: no sha256 of repomd.xml")
	}
	return sums, nil
}

// compareMetalink compares an unsigned index with the metalink, a second source that no mirror controls. Without a metalink it prints
// a warning. It returns what the lock records.
func (f Fedora) compareMetalink(ctx context.Context, listed []byte) (string, error) {
	if f.Metalink == "" {
		f.Warn("index " + f.Path + ": not signed, and not compared with Fedora's metalink, because you named the mirror: trust it, or name fedora-metalink=ADDRESS too")
		return lockfile.SignedPackages, nil
	}
	text, err := f.FetchMetalink(ctx, f.Metalink, maxRelease)
	if err != nil {
		return "", fmt.Errorf("index %s: not signed, and its second source does not answer: %w; -mirror names a mirror that you trust without it", f.Path, err)
	}
	sums, err := ParseMetalink(text)
	if err != nil {
		return "", fmt.Errorf("index %s: %w", f.Path, err)
	}
	sum := sha256.Sum256(listed)
	if got := hex.EncodeToString(sum[:]); !slices.Contains(sums, got) {
		return "", fmt.Errorf("index %s: its sha256 %s is not in Fedora's metalink: the index is changed, too old, or newer than the metalink: use another mirror, or try again in an hour",
			f.Path, got)
	}
	return lockfile.SumInMetalink, nil
}
