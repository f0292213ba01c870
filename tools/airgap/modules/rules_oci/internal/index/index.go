// Package index joins images into one OCI image index, the way rules_oci's oci_image_index does.
package index

import (
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/iptables-wrappers/iptables-wrappers/tools/airgap/modules/rules_oci/internal/image"
	"github.com/iptables-wrappers/iptables-wrappers/tools/airgap/modules/rules_oci/internal/layout"
)

// Build copies the blobs of all images (layout directories, their order kept) into output and writes an index over them.
// Annotations come from a file of key=value lines, if one is named, and go on that index.
func Build(images []string, annotationsFile, output string) error {
	out, err := layout.Create(output)
	if err != nil {
		return err
	}
	index := v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: []v1.Descriptor{}}
	if err := image.MergePairs(&index.Annotations, annotationsFile); err != nil {
		return fmt.Errorf("annotations: %w", err)
	}
	for _, path := range images {
		descriptor, err := add(out, layout.Dir(path))
		if err != nil {
			return fmt.Errorf("image %s: %w", path, err)
		}
		index.Manifests = append(index.Manifests, descriptor)
	}
	digest, size, err := out.WriteJSON(index)
	if err != nil {
		return err
	}
	return out.WriteRoot(v1.Descriptor{MediaType: types.OCIImageIndex, Size: size, Digest: digest})
}

// add copies one image and describes it with the platform its config names.
func add(out, in layout.Dir) (v1.Descriptor, error) {
	descriptor, err := in.Root()
	if err != nil {
		return v1.Descriptor{}, err
	}
	if !descriptor.MediaType.IsImage() {
		return v1.Descriptor{}, fmt.Errorf("is %s: an index holds single images only", descriptor.MediaType)
	}
	var manifest v1.Manifest
	if err := in.ReadJSON(descriptor.Digest, &manifest); err != nil {
		return v1.Descriptor{}, err
	}
	var config v1.ConfigFile
	if err := in.ReadJSON(manifest.Config.Digest, &config); err != nil {
		return v1.Descriptor{}, err
	}
	blobs, err := in.Blobs()
	if err != nil {
		return v1.Descriptor{}, err
	}
	for _, blob := range blobs {
		if err := out.Copy(blob, in.BlobPath(blob)); err != nil {
			return v1.Descriptor{}, err
		}
	}
	descriptor.Platform = &v1.Platform{
		OS:           config.OS,
		Architecture: config.Architecture,
		Variant:      config.Variant,
		OSVersion:    config.OSVersion,
		OSFeatures:   config.OSFeatures,
	}
	return descriptor, nil
}
