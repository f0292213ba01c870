// Package archive packs a layout into the tar that `docker load` and `podman load` read, as rules_oci's oci_load does.
package archive

import (
	"archive/tar"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/iptables-wrappers/iptables-wrappers/tools/airgap/modules/rules_oci/internal/layout"
)

// refName is the annotation with the name of an image in an OCI archive (image-spec, annotations.md).
const refName = "org.opencontainers.image.ref.name"

// WriteDocker writes a docker-archive of the layout's single image, named with all tags.
func WriteDocker(w io.Writer, image layout.Dir, tags []string) error {
	root, err := image.Root()
	if err != nil {
		return err
	}
	if !root.MediaType.IsImage() {
		return fmt.Errorf("format docker holds a single image, but this is %s: use format = \"oci\"", root.MediaType)
	}
	var manifest v1.Manifest
	if err := image.ReadJSON(root.Digest, &manifest); err != nil {
		return err
	}
	out := tar.NewWriter(w)
	entry := dockerManifest{Config: blobName(manifest.Config.Digest), RepoTags: tags, Layers: []string{}}
	if err := addBlob(out, image, manifest.Config.Digest, entry.Config); err != nil {
		return err
	}
	written := map[string]bool{}
	for _, layer := range manifest.Layers {
		// The suffix does not depend on the compression, because engines inspect the content.
		name := blobName(layer.Digest) + ".tar.gz"
		entry.Layers = append(entry.Layers, name)
		if written[name] {
			continue
		}
		written[name] = true
		if err := addBlob(out, image, layer.Digest, name); err != nil {
			return err
		}
	}
	if err := addJSON(out, "manifest.json", []dockerManifest{entry}); err != nil {
		return err
	}
	return out.Close()
}

type dockerManifest struct {
	Config   string
	RepoTags []string
	Layers   []string
}

// WriteOCI writes an oci-archive of the layout's index, once under each tag.
func WriteOCI(w io.Writer, image layout.Dir, tags []string) error {
	root, err := image.Root()
	if err != nil {
		return err
	}
	if !root.MediaType.IsIndex() {
		return fmt.Errorf("format oci holds an image index, but this is %s: use format = \"docker\"", root.MediaType)
	}
	var index v1.IndexManifest
	if err := image.ReadJSON(root.Digest, &index); err != nil {
		return err
	}
	out := tar.NewWriter(w)
	if err := addJSON(out, "oci-layout", map[string]string{"imageLayoutVersion": "1.0.0"}); err != nil {
		return err
	}
	written := map[v1.Hash]bool{}
	add := func(digest v1.Hash) error {
		if written[digest] {
			return nil
		}
		written[digest] = true
		return addBlob(out, image, digest, blobName(digest))
	}
	if err := add(root.Digest); err != nil {
		return err
	}
	for _, descriptor := range index.Manifests {
		var manifest v1.Manifest
		if err := image.ReadJSON(descriptor.Digest, &manifest); err != nil {
			return err
		}
		if err := add(descriptor.Digest); err != nil {
			return err
		}
		if err := add(manifest.Config.Digest); err != nil {
			return err
		}
		for _, layer := range manifest.Layers {
			if err := add(layer.Digest); err != nil {
				return err
			}
		}
	}
	top := v1.IndexManifest{SchemaVersion: 2, Manifests: []v1.Descriptor{}}
	for _, tag := range tags {
		named := root
		named.Annotations = map[string]string{refName: tag}
		top.Manifests = append(top.Manifests, named)
	}
	if err := addJSON(out, "index.json", top); err != nil {
		return err
	}
	return out.Close()
}

// ReadTags reads repository:tag words, separated by white space.
func ReadTags(path string) ([]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read tags: %w", err)
	}
	tags := strings.Fields(string(text))
	if tags == nil {
		tags = []string{}
	}
	return tags, nil
}

func blobName(digest v1.Hash) string {
	return "blobs/" + digest.Algorithm + "/" + digest.Hex
}

func addBlob(out *tar.Writer, image layout.Dir, digest v1.Hash, name string) error {
	file, err := os.Open(image.BlobPath(digest))
	if err != nil {
		return fmt.Errorf("pack %s: %w", name, err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("pack %s: %w", name, err)
	}
	if err := out.WriteHeader(header(name, info.Size())); err != nil {
		return fmt.Errorf("pack %s: %w", name, err)
	}
	if _, err := io.Copy(out, file); err != nil {
		return fmt.Errorf("pack %s: %w", name, err)
	}
	return nil
}

func addJSON(out *tar.Writer, name string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("pack %s: %w", name, err)
	}
	if err := out.WriteHeader(header(name, int64(len(data)))); err != nil {
		return fmt.Errorf("pack %s: %w", name, err)
	}
	if _, err := out.Write(data); err != nil {
		return fmt.Errorf("pack %s: %w", name, err)
	}
	return nil
}

// header gives every entry the same owner, mode and time as rules_oci's mtree specification.
func header(name string, size int64) *tar.Header {
	return &tar.Header{
		Typeflag: tar.TypeReg,
		Name:     name,
		Size:     size,
		Mode:     0o755,
		ModTime:  time.Unix(1672560000, 0),
		Format:   tar.FormatUSTAR,
	}
}
