package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"

	"github.com/iptables-wrappers/iptables-wrappers/images"
	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/lockfile"
)

// fixture is an image of tests/layouts. Its packages have one format and contain the iptables of Debian's lock.
// revision follows the version in all of them.
type fixture struct {
	name, revision, layout string
	packages               []string
}

// release contains the used fields of //tools/release:contents.
type release struct {
	Distros string            `json:"distros"`
	Locks   map[string]string `json:"locks"`
	Images  []struct {
		Name   string `json:"name"` // DISTRO/VARIANT/RELEASE
		Layout string `json:"layout"`
	} `json:"images"`
}

// collect finds all images, and writes each into a separate directory in work, because syft does not read indexes.
func collect(contents string, fixtures []fixture, work string) ([]subject, error) {
	text, err := os.ReadFile(contents)
	if err != nil {
		return nil, err
	}
	var r release
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("%s: %w", contents, err)
	}
	table, err := images.Read(r.Distros)
	if err != nil {
		return nil, err
	}
	var subjects []subject
	for _, image := range r.Images {
		words := strings.Split(image.Name, "/")
		if len(words) != 3 {
			return nil, fmt.Errorf("image %q: not DISTRO/VARIANT/RELEASE", image.Name)
		}
		distro, variant, version := words[0], words[1], words[2]
		lock, err := lockfile.Read(r.Locks[distro+"/"+version])
		if err != nil {
			return nil, err
		}
		images, err := readImages(image.Layout, work)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", image.Name, err)
		}
		if want := len(table[distro].Releases[version].Architectures); len(images) != want {
			return nil, fmt.Errorf("%s: %d images, the table has %d architectures", image.Name, len(images), want)
		}
		for platform, content := range images {
			architecture := table[distro].Releases[version].Architectures[platform]
			s := subject{name: image.Name + " " + platform}
			for _, p := range lock.Architectures[architecture] {
				if slices.Contains(p.Variants, variant) {
					s.want = append(s.want, p.Name+"@"+p.Version)
				}
			}
			if s.image, err = write(content, work, s.name); err != nil {
				return nil, err
			}
			subjects = append(subjects, s)
		}
	}
	for _, f := range fixtures {
		upstream, err := fixtureVersion(r.Locks["debian/trixie"])
		if err != nil {
			return nil, err
		}
		images, err := readImages(f.layout, work)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
		for _, content := range images {
			s := subject{name: f.name}
			for _, name := range f.packages {
				s.want = append(s.want, name+"@"+upstream+f.revision)
			}
			if s.image, err = write(content, work, s.name); err != nil {
				return nil, err
			}
			subjects = append(subjects, s)
		}
	}
	slices.SortFunc(subjects, func(a, b subject) int { return strings.Compare(a.name, b.name) })
	return subjects, nil
}

// fixtureVersion returns the upstream version of iptables from which the fixtures' binaries come.
func fixtureVersion(lockPath string) (string, error) {
	lock, err := lockfile.Read(lockPath)
	if err != nil {
		return "", err
	}
	for _, p := range lock.Architectures["amd64"] {
		if p.Name == "iptables" {
			upstream, _, _ := strings.Cut(p.Version, "-")
			return upstream, nil
		}
	}
	return "", fmt.Errorf("%s: no iptables", lockPath)
}

// readImages reads a layout of one image or of one index, by platform (architecture, and variant if there is one). It
// first copies the layout into work, because in runfiles, and in layouts of images over other images, files are
// symlinks, which the library does not follow.
func readImages(dir, work string) (map[string]v1.Image, error) {
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return nil, err
	}
	copied, err := os.MkdirTemp(work, "layout")
	if err != nil {
		return nil, err
	}
	if err := copyFiles(dir, copied); err != nil {
		return nil, err
	}
	index, err := layout.ImageIndexFromPath(copied)
	if err != nil {
		return nil, err
	}
	images := map[string]v1.Image{}
	return images, addImages(index, images)
}

func copyFiles(from, to string) error {
	return filepath.WalkDir(from, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(from, name)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return os.MkdirAll(filepath.Join(to, relative), 0o755)
		}
		content, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, relative), content, 0o644)
	})
}

func addImages(index v1.ImageIndex, images map[string]v1.Image) error {
	manifest, err := index.IndexManifest()
	if err != nil {
		return err
	}
	for _, m := range manifest.Manifests {
		if m.MediaType.IsIndex() {
			inner, err := index.ImageIndex(m.Digest)
			if err != nil {
				return err
			}
			if err := addImages(inner, images); err != nil {
				return err
			}
			continue
		}
		image, err := index.Image(m.Digest)
		if err != nil {
			return err
		}
		config, err := image.ConfigFile()
		if err != nil {
			return err
		}
		platform := config.Architecture
		if config.Variant != "" {
			platform += "/" + config.Variant
		}
		if _, twice := images[platform]; twice {
			return errors.New("two images for " + platform)
		}
		images[platform] = image
	}
	return nil
}

func write(image v1.Image, work, name string) (string, error) {
	dir := filepath.Join(work, strings.NewReplacer("/", "_", " ", "_").Replace(name))
	path, err := layout.Write(dir, empty.Index)
	if err != nil {
		return "", err
	}
	return dir, path.AppendImage(image)
}
