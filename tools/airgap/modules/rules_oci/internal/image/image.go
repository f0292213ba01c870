// Package image builds one OCI image from a base and existing layers, as rules_oci's oci_image does.
package image

import (
	"errors"
	"fmt"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/iptables-wrappers/iptables-wrappers/tools/airgap/modules/rules_oci/internal/layout"
	"github.com/iptables-wrappers/iptables-wrappers/tools/airgap/modules/rules_oci/internal/ordered"
)

// Layer is one tar file and the label of its target, which the image's history contains.
type Layer struct {
	Path  string
	Label string
}

// Spec describes the image to build. Fields that end in File are paths of text files. Empty means that the attribute is not
// set.
type Spec struct {
	Base     string      // OCI layout directory; empty: from scratch, on Platform
	Platform v1.Platform // without Base only
	Layers   []Layer

	CreatedFile, EntrypointFile, CmdFile, EnvFile, LabelsFile, AnnotationsFile, ExposedPortsFile, VolumesFile string

	User, Workdir string
}

// epoch is the time of everything without a date.
const epoch = "1970-01-01T00:00:00Z"

// image is an image that is being built, with its manifest and configuration as they will be written.
type image struct {
	out              layout.Dir
	manifest, config *ordered.Object
	mediaType        types.MediaType
}

// Build writes the image's layout into output. Layers and the base's blobs become symlinks. Manifest and config are files
// with the bytes that rules_oci 2.3.0 writes (oci/private/image.sh): members in the order of that script, printed by jq,
// the manifest with a newline at its end and the configuration without one.
func Build(spec Spec, output string) error {
	out, err := layout.Create(output)
	if err != nil {
		return err
	}
	made := &image{out: out}
	if spec.Base == "" {
		made.fromScratch(spec)
	} else if err := made.fromBase(layout.Dir(spec.Base)); err != nil {
		return fmt.Errorf("base: %w", err)
	}
	for _, layer := range spec.Layers {
		if err := made.addLayer(layer); err != nil {
			return err
		}
	}
	if err := made.configure(spec); err != nil {
		return err
	}
	digest, size, err := out.Write(made.config.Print())
	if err != nil {
		return err
	}
	descriptor, isObject := made.manifest.Get("config").(*ordered.Object)
	if !isObject {
		return errors.New("base: its manifest has no config")
	}
	descriptor.Set("digest", digest.String())
	descriptor.Set("size", size)
	// An embedded copy of the base's config would be stale.
	descriptor.Delete("data")
	digest, size, err = out.Write(append(made.manifest.Print(), '\n'))
	if err != nil {
		return err
	}
	return out.WriteImageRoot(made.mediaType, digest, size)
}

func (i *image) fromScratch(spec Spec) {
	i.mediaType = types.OCIManifestSchema1
	i.manifest = ordered.New(
		"schemaVersion", 2,
		"mediaType", string(i.mediaType),
		"config", ordered.New("mediaType", string(types.OCIConfigJSON), "size", 0),
		"layers", []any{},
	)
	i.config = ordered.New(
		"created", epoch,
		"config", ordered.New(),
		"history", []any{},
		"rootfs", ordered.New("type", "layers", "diff_ids", []any{}),
		// In the order in which Bazel encodes a dictionary.
		"architecture", spec.Platform.Architecture,
		"os", spec.Platform.OS,
	)
	if spec.Platform.Variant != "" {
		i.config.Set("variant", spec.Platform.Variant)
	}
}

func (i *image) fromBase(base layout.Dir) error {
	root, err := base.Root()
	if err != nil {
		return err
	}
	if !root.MediaType.IsImage() {
		return fmt.Errorf("%s is %s: only a single image can be extended", base, root.MediaType)
	}
	i.mediaType = root.MediaType
	var manifest v1.Manifest
	if err := base.ReadJSON(root.Digest, &manifest); err != nil {
		return err
	}
	if i.manifest, err = base.ReadOrdered(root.Digest); err != nil {
		return err
	}
	if i.config, err = base.ReadOrdered(manifest.Config.Digest); err != nil {
		return err
	}
	// The base's own manifest and config are not part of this image, so only its layers are copied.
	for _, layer := range manifest.Layers {
		if err := i.out.Link(layer.Digest, base.BlobPath(layer.Digest)); err != nil {
			return err
		}
	}
	return nil
}

func (i *image) addLayer(layer Layer) error {
	file, err := inspectLayer(layer.Path)
	if err != nil {
		return err
	}
	rootfs, isObject := i.config.Get("rootfs").(*ordered.Object)
	if !isObject {
		return errors.New("base: its config has no rootfs")
	}
	if err := rootfs.Append("diff_ids", file.diffID.String()); err != nil {
		return fmt.Errorf("base: its config: %w", err)
	}
	if err := i.config.Append("history", ordered.New("created", epoch, "created_by", "bazel build "+layer.Label)); err != nil {
		return fmt.Errorf("base: its config: %w", err)
	}
	descriptor := ordered.New(
		"size", file.size,
		"digest", file.digest.String(),
		"mediaType", layerMediaType(i.manifest.Text("mediaType"), file.compression),
	)
	if err := i.manifest.Append("layers", descriptor); err != nil {
		return fmt.Errorf("base: its manifest: %w", err)
	}
	return i.out.Link(file.digest, layer.Path)
}

// layerMediaType keeps the Docker types of a Docker base's image: engines reject a mixture.
func layerMediaType(manifest string, c compression) string {
	kind, separator := "application/vnd.oci.image.layer.v1.tar", "+"
	if strings.HasPrefix(manifest, "application/vnd.docker.") {
		kind, separator = "application/vnd.docker.image.rootfs.diff.tar", "."
	}
	if c == none {
		return kind
	}
	return kind + separator + string(c)
}
