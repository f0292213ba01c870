package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/iptables-wrappers/iptables-wrappers/images"
	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/lockfile"
	"github.com/iptables-wrappers/iptables-wrappers/tools/release/sbom"
)

// index is one image index and what is said of it.
type index struct {
	content v1.ImageIndex
	at      name.Digest
	tags    []string
	bills   map[string]json.RawMessage // SBOM of each image, by its digest
}

// rehearsalRegistry serves on loopback, from memory.
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

// readImages reads what will be pushed, so that its digests stand in the release's checksums, and writes the images'
// bills of materials.
func (r *release) readImages(context.Context) error {
	table, err := images.Read(r.Distros)
	if err != nil {
		return err
	}
	var list strings.Builder
	for _, image := range r.Images {
		distro, variant, release, err := splitName(image.Name)
		if err != nil {
			return err
		}
		in, err := r.readIndex(image.Layout, r.registry+"/iptables-"+variant)
		if err != nil {
			return fmt.Errorf("%s: %w", image.Name, err)
		}
		in.tags = []string{release + "-" + r.Version}
		if !r.prerelease() {
			in.tags = append(in.tags, release)
		}
		if err := r.bills(in, table[distro], distro, variant, release); err != nil {
			return fmt.Errorf("%s: %w", image.Name, err)
		}
		r.indexes = append(r.indexes, in)
		fmt.Fprintf(&list, "%s:%s@%s\n", in.at.Context(), in.tags[0], in.at.DigestStr())
	}
	return r.asset("images.txt", []byte(list.String()), 0o644)
}

func (r *release) readIndex(dir, repository string) (*index, error) {
	// In runfiles each file is a link to what Bazel built, and the library follows none.
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
	digest := manifest.Manifests[0].Digest
	content, err := outer.ImageIndex(digest)
	if err != nil {
		return nil, err
	}
	at, err := name.NewDigest(repository + "@" + digest.String())
	if err != nil {
		return nil, err
	}
	return &index{content: content, at: at, bills: map[string]json.RawMessage{}}, nil
}

func (r *release) bills(in *index, table images.Distro, distro, variant, release string) error {
	text, err := os.ReadFile(r.Locks[distro+"/"+release])
	if err != nil {
		return err
	}
	lock, err := lockfile.Parse(text)
	if err != nil {
		return err
	}
	manifest, err := in.content.IndexManifest()
	if err != nil {
		return err
	}
	for _, image := range manifest.Manifests {
		platform := image.Platform.String()
		architecture := strings.TrimPrefix(platform, "linux/")
		bill, err := sbom.Image(sbom.Packages{
			Name: in.at.Context().Name(), Version: r.Version, Digest: image.Digest.Hex,
			Distro: distro, DistroVersion: table.Releases[release].Version, Format: table.Format,
			Architecture: architecture, Variant: variant,
			Packages: lock.Architectures[table.Releases[release].Architectures[architecture]],
		}, r.source.when)
		if err != nil {
			return fmt.Errorf("%s: %w", platform, err)
		}
		in.bills[image.Digest.String()] = bill
		file := filepath.Join("images", variant, release, strings.ReplaceAll(platform, "/", "-")+".cdx.json")
		if err := r.write(file, bill, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// pushImages pushes by digest only, and signs and attests what it pushed.
func (r *release) pushImages(ctx context.Context) error {
	for _, in := range r.indexes {
		if err := remote.WriteIndex(in.at, in.content, r.remote(ctx)...); err != nil {
			return err
		}
		if err := r.signer.signImages(ctx, in.at.String()); err != nil {
			return err
		}
		if err := r.signer.verifyImage(ctx, in.at.String()); err != nil {
			return err
		}
		if err := r.signer.attestImage(ctx, in.at.String(), provenanceType, r.provenance()); err != nil {
			return err
		}
		for digest, bill := range in.bills {
			reference := in.at.Digest(digest).String()
			if err := r.signer.verifyImage(ctx, reference); err != nil {
				return err
			}
			if err := r.signer.attestImage(ctx, reference, "cyclonedx", bill); err != nil {
				return err
			}
		}
	}
	return nil
}

// nameImages is the last step: from here on people pull what was released.
func (r *release) nameImages(ctx context.Context) error {
	for _, in := range r.indexes {
		for _, tag := range in.tags {
			if err := remote.Tag(in.at.Context().Tag(tag), in.content, r.remote(ctx)...); err != nil {
				return err
			}
		}
	}
	return nil
}

// remote says how registries are talked to: with what `docker login` or `cosign login` left.
func (r *release) remote(ctx context.Context) []remote.Option {
	return []remote.Option{remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain)}
}
