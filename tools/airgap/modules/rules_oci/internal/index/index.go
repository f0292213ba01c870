// Package index joins images into one OCI image index, as rules_oci's oci_image_index does.
package index

import (
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/iptables-wrappers/iptables-wrappers/tools/airgap/modules/rules_oci/internal/layout"
	"github.com/iptables-wrappers/iptables-wrappers/tools/airgap/modules/rules_oci/internal/ordered"
)

// Build copies the blobs of all images (layout directories, in their order) into output and writes an index of them. Its
// bytes are those that rules_oci 2.3.0 writes (oci/private/image_index.sh.tpl).
func Build(images []string, output string) error {
	out, err := layout.Create(output)
	if err != nil {
		return err
	}
	manifests := []any{}
	for _, path := range images {
		descriptor, err := add(out, layout.Dir(path))
		if err != nil {
			return fmt.Errorf("image %s: %w", path, err)
		}
		manifests = append(manifests, descriptor)
	}
	index := ordered.New("schemaVersion", 2, "mediaType", string(types.OCIImageIndex), "manifests", manifests)
	digest, size, err := out.Write(append(index.Print(), '\n'))
	if err != nil {
		return err
	}
	return out.WriteIndexRoot(digest, size)
}

// add copies one image and returns its descriptor with the platform in its config.
func add(out, in layout.Dir) (*ordered.Object, error) {
	root, err := in.Root()
	if err != nil {
		return nil, err
	}
	if !root.MediaType.IsImage() {
		return nil, fmt.Errorf("is %s: an index holds single images only", root.MediaType)
	}
	var manifest v1.Manifest
	if err := in.ReadJSON(root.Digest, &manifest); err != nil {
		return nil, err
	}
	config, err := in.ReadOrdered(manifest.Config.Digest)
	if err != nil {
		return nil, err
	}
	blobs, err := in.Blobs()
	if err != nil {
		return nil, err
	}
	for _, blob := range blobs {
		if err := out.Copy(blob, in.BlobPath(blob)); err != nil {
			return nil, err
		}
	}
	descriptor, err := in.RootObject()
	if err != nil {
		return nil, err
	}
	platform := ordered.New()
	for _, key := range []string{"os", "architecture", "variant", "os.version", "os.features"} {
		if value := config.Get(key); value != nil {
			platform.Set(key, value)
		}
	}
	descriptor.Set("platform", platform)
	return descriptor, nil
}
