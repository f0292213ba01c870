package layer

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
)

// Settings describe what an image contains besides its packages' files. They come from images/distros.bzl.
type Settings struct {
	// Links are symlinks that are made before any package is unpacked, path to target. They are merged directories such
	// as "bin": "usr/bin", and symlinks that a post-install script would create.
	Links map[string]string `json:"links"`
	// Directories are created if no package contains them, path to octal mode.
	Directories map[string]string `json:"directories"`
	// Copies are files that post-install scripts copy from a file of a package, path to source.
	Copies map[string]string `json:"copies"`
	// Texts are files, path to content.
	Texts map[string]string `json:"texts"`
	// Exclude contains patterns of paths that are left out. Keep contains patterns of paths that stay although Exclude
	// matches them. Each segment is matched as by path.Match; a last segment "**" matches everything beneath.
	Exclude []string `json:"exclude"`
	Keep    []string `json:"keep"`
	// Metadata is the package database that scanners read: "dpkg", "dpkg-status.d", "apk", "rpm-manifest" or "".
	Metadata string `json:"metadata"`
	// Requested are the packages that were requested by name; all others are dependencies. Only "apk" uses it.
	Requested []string `json:"requested"`
	// Alternatives is the type of the database for the Registrations, which are applied in order: "dpkg", "chkconfig",
	// "suse" or "".
	Alternatives  string         `json:"alternatives"`
	Registrations []Registration `json:"registrations"`
}

// Registration is one call of update-alternatives --install (alternatives --install) in a post-install script.
type Registration struct {
	Name      string     `json:"name"` // of the group
	Link      string     `json:"link"`
	Path      string     `json:"path"`
	Priority  int        `json:"priority"`
	Followers []Follower `json:"followers"`
}

// Follower is one --slave (--follower) of a registration.
type Follower struct {
	Name string `json:"name"`
	Link string `json:"link"`
	Path string `json:"path"`
}

// ParseSettings parses settings in JSON. An unknown key is an error.
func ParseSettings(text []byte) (Settings, error) {
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.DisallowUnknownFields()
	var s Settings
	if err := decoder.Decode(&s); err != nil {
		return Settings{}, fmt.Errorf("settings: %w", err)
	}
	for _, pattern := range slices.Concat(s.Exclude, s.Keep) {
		if _, err := path.Match(pattern, ""); err != nil {
			return Settings{}, fmt.Errorf("settings: pattern %q: %w", pattern, err)
		}
	}
	return s, nil
}

// Keeps returns true if the layer contains this path of a package.
func (s Settings) Keeps(name string) bool {
	matches := func(pattern string) bool { return Match(pattern, name) }
	return !slices.ContainsFunc(s.Exclude, matches) || slices.ContainsFunc(s.Keep, matches)
}

// Match returns true if a pattern of Settings matches a path.
func Match(pattern, name string) bool {
	patterns, parts := strings.Split(pattern, "/"), strings.Split(name, "/")
	for i, p := range patterns {
		if p == "**" && i == len(patterns)-1 {
			return len(parts) > i
		}
		if i >= len(parts) {
			return false
		}
		if matched, err := path.Match(p, parts[i]); err != nil || !matched {
			return false
		}
	}
	return len(patterns) == len(parts)
}

// Build makes the complete tree of a layer.
func Build(s Settings, packages []*archive.Package) (*Tree, error) {
	tree := NewTree()
	for _, name := range sortedKeys(s.Links) {
		if err := tree.Add(archive.File{Name: name, Type: archive.Symlink, Mode: 0o777, Link: s.Links[name]}); err != nil {
			return nil, err
		}
	}
	packages = slices.Clone(packages)
	slices.SortFunc(packages, func(a, b *archive.Package) int { return strings.Compare(a.Name, b.Name) })
	if err := tree.AddPackages(packages, s.Keeps); err != nil {
		return nil, err
	}
	for _, name := range sortedKeys(s.Directories) {
		mode, err := strconv.ParseInt(s.Directories[name], 8, 32)
		if err != nil || mode < 0 || mode > 0o7777 {
			return nil, fmt.Errorf("settings: directory %s: mode %q", name, s.Directories[name])
		}
		if err := tree.Add(archive.File{Name: name, Type: archive.Directory, Mode: mode}); err != nil {
			return nil, err
		}
	}
	for _, name := range sortedKeys(s.Copies) {
		data, exists := tree.Data(s.Copies[name])
		if !exists {
			return nil, fmt.Errorf("settings: copy of %s: no such file in the packages", s.Copies[name])
		}
		if err := tree.addText(name, data); err != nil {
			return nil, err
		}
	}
	for _, name := range sortedKeys(s.Texts) {
		if err := tree.addText(name, []byte(s.Texts[name])); err != nil {
			return nil, err
		}
	}
	if err := tree.register(s.Alternatives, s.Registrations); err != nil {
		return nil, err
	}
	if err := tree.addMetadata(s, packages); err != nil {
		return nil, err
	}
	tree.addParents()
	return tree, nil
}

func (t *Tree) addText(name string, data []byte) error {
	return t.Add(archive.File{Name: name, Type: archive.Regular, Mode: 0o644, Data: data})
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
