// Package image assembles one OCI image from a base and ready-made layers, the way rules_oci's oci_image does.
package image

import (
	"fmt"
	"os"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/iptables-wrappers/iptables-wrappers/tools/airgap/modules/rules_oci/internal/layout"
)

// Layer is one tar file and the label of the target that made it, which the image's history names.
type Layer struct {
	Path  string
	Label string
}

// Spec says what to build. Fields that end in File are paths of text files; empty means the attribute was not given.
type Spec struct {
	Base     string      // OCI layout directory; empty: from scratch, on Platform
	Platform v1.Platform // without Base only
	Layers   []Layer

	CreatedFile, EntrypointFile, CmdFile, EnvFile, LabelsFile, AnnotationsFile, ExposedPortsFile, VolumesFile string

	User, Workdir string
}

// Build writes the image's layout into output. Layers and the base's blobs become links; manifest and config are files.
func Build(spec Spec, output string) error {
	out, err := layout.Create(output)
	if err != nil {
		return err
	}
	manifest, config, err := start(spec, out)
	if err != nil {
		return err
	}
	for _, layer := range spec.Layers {
		if err := addLayer(out, manifest, config, layer); err != nil {
			return err
		}
	}
	if err := configure(spec, manifest, config); err != nil {
		return err
	}
	digest, size, err := out.WriteJSON(config)
	if err != nil {
		return err
	}
	manifest.Config.Digest = digest
	manifest.Config.Size = size
	// An embedded copy of the base's config would be stale.
	manifest.Config.Data = nil
	digest, size, err = out.WriteJSON(manifest)
	if err != nil {
		return err
	}
	return out.WriteRoot(v1.Descriptor{MediaType: manifest.MediaType, Size: size, Digest: digest})
}

// start returns the manifest and config that everything else is added to.
func start(spec Spec, out layout.Dir) (*v1.Manifest, *v1.ConfigFile, error) {
	if spec.Base == "" {
		manifest := &v1.Manifest{
			SchemaVersion: 2,
			MediaType:     types.OCIManifestSchema1,
			Config:        v1.Descriptor{MediaType: types.OCIConfigJSON},
			Layers:        []v1.Descriptor{},
		}
		config := &v1.ConfigFile{
			OS:           spec.Platform.OS,
			Architecture: spec.Platform.Architecture,
			Variant:      spec.Platform.Variant,
			Created:      v1.Time{Time: time.Unix(0, 0).UTC()},
			RootFS:       v1.RootFS{Type: "layers", DiffIDs: []v1.Hash{}},
		}
		return manifest, config, nil
	}
	base := layout.Dir(spec.Base)
	root, err := base.Root()
	if err != nil {
		return nil, nil, fmt.Errorf("base: %w", err)
	}
	if !root.MediaType.IsImage() {
		return nil, nil, fmt.Errorf("base: %s is %s: only a single image can be extended", spec.Base, root.MediaType)
	}
	manifest := &v1.Manifest{}
	if err := base.ReadJSON(root.Digest, manifest); err != nil {
		return nil, nil, fmt.Errorf("base: %w", err)
	}
	// The OCI specification lets a manifest leave its own media type out; the descriptor always has it.
	manifest.MediaType = root.MediaType
	config := &v1.ConfigFile{}
	if err := base.ReadJSON(manifest.Config.Digest, config); err != nil {
		return nil, nil, fmt.Errorf("base: %w", err)
	}
	// The base's own manifest and config are not part of this image, so only its layers are taken over.
	for _, layer := range manifest.Layers {
		if err := out.Link(layer.Digest, base.BlobPath(layer.Digest)); err != nil {
			return nil, nil, err
		}
	}
	return manifest, config, nil
}

func addLayer(out layout.Dir, manifest *v1.Manifest, config *v1.ConfigFile, layer Layer) error {
	file, err := inspectLayer(layer.Path)
	if err != nil {
		return err
	}
	manifest.Layers = append(manifest.Layers, v1.Descriptor{
		MediaType: layerMediaType(manifest.MediaType, file.compression),
		Size:      file.size,
		Digest:    file.digest,
	})
	config.RootFS.DiffIDs = append(config.RootFS.DiffIDs, file.diffID)
	config.History = append(config.History, v1.History{
		Created:   v1.Time{Time: time.Unix(0, 0).UTC()},
		CreatedBy: "bazel build " + layer.Label,
	})
	return out.Link(file.digest, layer.Path)
}

// layerMediaType keeps a Docker base's image Docker-typed throughout: engines reject a mixture.
func layerMediaType(manifest types.MediaType, c compression) types.MediaType {
	kind, separator := "application/vnd.oci.image.layer.v1.tar", "+"
	if strings.HasPrefix(string(manifest), "application/vnd.docker.") {
		kind, separator = "application/vnd.docker.image.rootfs.diff.tar", "."
	}
	if c == none {
		return types.MediaType(kind)
	}
	return types.MediaType(kind + separator + string(c))
}

// configure applies the attributes that are not layers.
func configure(spec Spec, manifest *v1.Manifest, config *v1.ConfigFile) error {
	if spec.EntrypointFile != "" {
		entrypoint, err := readList(spec.EntrypointFile)
		if err != nil {
			return fmt.Errorf("entrypoint: %w", err)
		}
		// The base's command was meant for the base's entrypoint. Dockerfiles do the same.
		config.Config.Entrypoint, config.Config.Cmd = entrypoint, nil
	}
	if spec.CmdFile != "" {
		cmd, err := readList(spec.CmdFile)
		if err != nil {
			return fmt.Errorf("cmd: %w", err)
		}
		config.Config.Cmd = cmd
	}
	if spec.EnvFile != "" {
		env, err := readEnv(spec.EnvFile, config.Config.Env)
		if err != nil {
			return fmt.Errorf("env: %w", err)
		}
		config.Config.Env = env
	}
	for _, set := range []struct {
		attribute, file string
		target          *map[string]struct{}
	}{
		{"exposed_ports", spec.ExposedPortsFile, &config.Config.ExposedPorts},
		{"volumes", spec.VolumesFile, &config.Config.Volumes},
	} {
		if err := mergeSet(set.target, set.file); err != nil {
			return fmt.Errorf("%s: %w", set.attribute, err)
		}
	}
	for _, pairs := range []struct {
		attribute, file string
		target          *map[string]string
	}{
		{"labels", spec.LabelsFile, &config.Config.Labels},
		{"annotations", spec.AnnotationsFile, &manifest.Annotations},
	} {
		if err := MergePairs(pairs.target, pairs.file); err != nil {
			return fmt.Errorf("%s: %w", pairs.attribute, err)
		}
	}
	if spec.User != "" {
		config.Config.User = spec.User
	}
	if spec.Workdir != "" {
		config.Config.WorkingDir = spec.Workdir
	}
	if spec.CreatedFile != "" {
		text, err := os.ReadFile(spec.CreatedFile)
		if err != nil {
			return fmt.Errorf("created: %w", err)
		}
		created, err := time.Parse(time.RFC3339Nano, strings.TrimSpace(string(text)))
		if err != nil {
			return fmt.Errorf("created: %s: %w", spec.CreatedFile, err)
		}
		config.Created = v1.Time{Time: created.UTC()}
	}
	return nil
}
