package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"

	"github.com/iptables-wrappers/iptables-wrappers/images"
	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/lockfile"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/origin"
	"github.com/iptables-wrappers/iptables-wrappers/tools/release/sbom"
)

// rehearsalRegistry serves a registry on loopback, from memory.
func rehearsalRegistry() *httptest.Server {
	return httptest.NewServer(registry.New(registry.WithReferrersSupport(true), registry.Logger(log.New(io.Discard, "", 0))))
}

// loopback reports whether a registry is on this machine.
func loopback(registry string) bool {
	host, _, _ := strings.Cut(registry, "/")
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// addImages copies the images to one OCI layout, which stores common layers once, and writes their names and SBOMs.
func (r *release) addImages(context.Context) error {
	table, err := images.Read(r.Distros)
	if err != nil {
		return err
	}
	to, err := layout.Write(filepath.Join(r.output, layoutName), empty.Index)
	if err != nil {
		return err
	}
	var list strings.Builder
	for _, image := range r.Images {
		distro, variant, release, err := splitName(image.Name)
		if err != nil {
			return err
		}
		content, err := readIndex(image.Layout)
		if err != nil {
			return fmt.Errorf("%s: %w", image.Name, err)
		}
		if err := to.AppendIndex(content); err != nil {
			return fmt.Errorf("%s: %w", image.Name, err)
		}
		digest, err := content.Digest()
		if err != nil {
			return err
		}
		in := stagedIndex{
			Repository: r.registry + "/iptables-" + variant, Digest: digest.String(),
			Tags: []string{release + "-" + r.Version}, SBOMs: map[string]string{},
		}
		if !r.prerelease() {
			in.Tags = append(in.Tags, release)
		}
		if err := r.bills(in, content, table[distro], distro, variant, release); err != nil {
			return fmt.Errorf("%s: %w", image.Name, err)
		}
		r.images = append(r.images, in)
		list.WriteString(in.name() + "\n")
	}
	return r.asset(imageList, []byte(list.String()), 0o644)
}

func readIndex(dir string) (v1.ImageIndex, error) {
	// In runfiles each file is a symlink to the output of Bazel, and the library follows no symlinks.
	file, err := filepath.EvalSymlinks(filepath.Join(dir, "index.json"))
	if err != nil {
		return nil, err
	}
	path, err := layout.FromPath(filepath.Dir(file))
	if err != nil {
		return nil, err
	}
	outer, err := path.ImageIndex()
	if err != nil {
		return nil, err
	}
	manifest, err := outer.IndexManifest()
	if err != nil {
		return nil, err
	}
	if len(manifest.Manifests) != 1 {
		return nil, fmt.Errorf("%s: %d manifests, want the one of an index", dir, len(manifest.Manifests))
	}
	return outer.ImageIndex(manifest.Manifests[0].Digest)
}

func (r *release) bills(in stagedIndex, content v1.ImageIndex, table images.Distro, distro, variant, release string) error {
	text, err := os.ReadFile(r.Locks[distro+"/"+release])
	if err != nil {
		return err
	}
	lock, err := lockfile.Parse(text)
	if err != nil {
		return err
	}
	manifest, err := content.IndexManifest()
	if err != nil {
		return err
	}
	for _, image := range manifest.Manifests {
		platform := image.Platform.String()
		architecture := strings.TrimPrefix(platform, "linux/")
		w, err := r.wrapper(image.Platform.Architecture)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(r.Origins[strings.Join([]string{distro, variant, release, architecture}, "/")])
		if err != nil {
			return fmt.Errorf("%s: origins of the packages: %w", platform, err)
		}
		origins, err := origin.Parse(text)
		if err != nil {
			return fmt.Errorf("%s: %w", platform, err)
		}
		bill, err := sbom.Image(sbom.Packages{
			Name: in.Repository, Wrapper: w, Digest: image.Digest.Hex,
			Distro: distro, Title: table.Title, DistroVersion: table.Releases[release].Version, Format: table.Format,
			Architecture: architecture, Variant: variant,
			Packages: lock.Architectures[table.Releases[release].Architectures[architecture]], Origins: origins,
		}, r.source.when)
		if err != nil {
			return fmt.Errorf("%s: %w", platform, err)
		}
		file := filepath.Join("images", variant, release, strings.ReplaceAll(platform, "/", "-")+".cdx.json")
		if err := r.write(file, bill, 0o644); err != nil {
			return err
		}
		in.SBOMs[image.Digest.String()] = file
	}
	return nil
}
