// Package lockfile defines the format of packages.lock.json: the exact packages of one release's images.
//
// Bazel reads it to fetch the packages by sha256 (images/extensions.bzl). An air-gapped build reads it to fetch the same files
// by name and version from a mirror.
package lockfile

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path"
	"slices"
	"strings"
)

// FormatVersion is the only format version.
const FormatVersion = 1

// Lock is the content of one file.
type Lock struct {
	FormatVersion int                  `json:"format_version"`
	Distro        string               `json:"distro"`
	Release       string               `json:"release"`
	Architectures map[string][]Package `json:"architectures"` // by the distribution's own name
	// Indexes are those from which the packages of an architecture were selected. Older locks do not have the field.
	Indexes map[string][]Index `json:"indexes,omitempty"`
}

// Package is one file to fetch.
type Package struct {
	Name         string   `json:"name"`
	Version      string   `json:"version"`
	Architecture string   `json:"architecture"` // "all" or "noarch" if the package is for every architecture
	Suite        string   `json:"suite"`        // the repository it comes from
	Size         int64    `json:"size"`
	SHA256       string   `json:"sha256"`
	URLs         []string `json:"urls"`
	Variants     []string `json:"variants"` // the images that contain it
}

// Parse parses and checks a lock.
func Parse(text []byte) (*Lock, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	lock := &Lock{}
	if err := decoder.Decode(lock); err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	if lock.FormatVersion != FormatVersion {
		return nil, fmt.Errorf("lock: format version %d, this program knows %d", lock.FormatVersion, FormatVersion)
	}
	for architecture, packages := range lock.Architectures {
		files := map[string]string{}
		for _, p := range packages {
			if err := p.check(); err != nil {
				return nil, fmt.Errorf("lock: %s: package %q: %w", architecture, p.Name, err)
			}
			file := path.Base(p.URLs[0])
			if other, exists := files[file]; exists {
				return nil, fmt.Errorf("lock: %s: packages %s and %s have one file name, %s", architecture, other, p.Name, file)
			}
			files[file] = p.Name
		}
	}
	for architecture, indexes := range lock.Indexes {
		for _, index := range indexes {
			if err := index.check(); err != nil {
				return nil, fmt.Errorf("lock: %s: index %q: %w", architecture, index.Suite, err)
			}
		}
	}
	return lock, nil
}

func (p Package) check() error {
	if err := CheckWords(p.Name, p.Version, p.Architecture); err != nil {
		return err
	}
	if err := CheckPath(p.Suite); err != nil {
		return fmt.Errorf("suite: %w", err)
	}
	if sum, err := hex.DecodeString(p.SHA256); err != nil || len(sum) != 32 {
		return fmt.Errorf("sha256 %q", p.SHA256)
	}
	if p.Size <= 0 || len(p.URLs) == 0 {
		return fmt.Errorf("size %d, %d addresses", p.Size, len(p.URLs))
	}
	for _, address := range p.URLs {
		parsed, err := url.Parse(address)
		if err != nil || parsed.Scheme != "https" || parsed.Host == "" || parsed.RawQuery != "" || parsed.Fragment != "" {
			return fmt.Errorf("address %q: want https, a host and a path", address)
		}
		if err := checkFile(strings.TrimPrefix(parsed.Path, "/")); err != nil {
			return fmt.Errorf("address: %w", err)
		}
	}
	return nil
}

// Read reads the lock at a path. A file that does not exist is an empty lock.
func Read(name string) (*Lock, error) {
	text, err := os.ReadFile(name)
	if os.IsNotExist(err) {
		return &Lock{FormatVersion: FormatVersion}, nil
	}
	if err != nil {
		return nil, err
	}
	lock, err := Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return lock, nil
}

// Bytes returns the content of the lock's file. It is sorted, so that changing one package changes only its lines.
func (l *Lock) Bytes() ([]byte, error) {
	for _, packages := range l.Architectures {
		slices.SortFunc(packages, func(a, b Package) int { return cmp.Compare(a.Name, b.Name) })
		for _, p := range packages {
			slices.Sort(p.Variants)
		}
	}
	for _, indexes := range l.Indexes {
		slices.SortFunc(indexes, func(a, b Index) int { return cmp.Compare(a.Suite, b.Suite) })
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(l); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// Diff returns the changes from l to next, one line for each package.
func (l *Lock) Diff(next *Lock) []string {
	var lines []string
	for _, architecture := range sortedKeys(l.Architectures, next.Architectures) {
		old, new := byName(l.Architectures[architecture]), byName(next.Architectures[architecture])
		for _, name := range sortedKeys(old, new) {
			before, had := old[name]
			after, has := new[name]
			switch {
			case !had:
				lines = append(lines, fmt.Sprintf("%s: + %s %s", architecture, name, after.Version))
			case !has:
				lines = append(lines, fmt.Sprintf("%s: - %s %s", architecture, name, before.Version))
			case before.Version != after.Version:
				lines = append(lines, fmt.Sprintf("%s:   %s %s -> %s", architecture, name, before.Version, after.Version))
			case before.SHA256 != after.SHA256:
				lines = append(lines, fmt.Sprintf("%s: ! %s %s: another file under the same version", architecture, name, after.Version))
			}
		}
	}
	return lines
}

func byName(packages []Package) map[string]Package {
	names := make(map[string]Package, len(packages))
	for _, p := range packages {
		names[p.Name] = p
	}
	return names
}

func sortedKeys[V any](a, b map[string]V) []string {
	var keys []string
	for key := range a {
		keys = append(keys, key)
	}
	for key := range b {
		if _, both := a[key]; !both {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}
