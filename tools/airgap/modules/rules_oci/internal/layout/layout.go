// Package layout reads and writes OCI image layout directories as rules_oci produces them: index.json has exactly one
// descriptor, and blobs may be symlinks to other files in the build's output tree.
package layout

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/iptables-wrappers/iptables-wrappers/tools/airgap/modules/rules_oci/internal/ordered"
)

// Dir is the path of an OCI image layout directory.
type Dir string

// Create makes path an empty layout. An existing directory is accepted, because Bazel creates output directories itself.
func Create(path string) (Dir, error) {
	d := Dir(path)
	if err := os.MkdirAll(filepath.Join(path, "blobs", "sha256"), 0o755); err != nil {
		return "", fmt.Errorf("create layout: %w", err)
	}
	if err := os.WriteFile(filepath.Join(path, "oci-layout"), []byte(`{"imageLayoutVersion":"1.0.0"}`), 0o644); err != nil {
		return "", fmt.Errorf("create layout: %w", err)
	}
	return d, nil
}

// BlobPath returns the path of the blob with this digest.
func (d Dir) BlobPath(digest v1.Hash) string {
	return filepath.Join(string(d), "blobs", digest.Algorithm, digest.Hex)
}

// Root returns the one descriptor of index.json.
func (d Dir) Root() (v1.Descriptor, error) {
	path := filepath.Join(string(d), "index.json")
	data, err := os.ReadFile(path)
	if err != nil {
		return v1.Descriptor{}, fmt.Errorf("read layout: %w", err)
	}
	var index v1.IndexManifest
	if err := json.Unmarshal(data, &index); err != nil {
		return v1.Descriptor{}, fmt.Errorf("read layout: %s: %w", path, err)
	}
	if n := len(index.Manifests); n != 1 {
		return v1.Descriptor{}, fmt.Errorf("read layout: %s: %d manifests, expected exactly one", path, n)
	}
	return index.Manifests[0], nil
}

// ReadJSON decodes the blob with this digest into v, after checking that its bytes have the digest.
func (d Dir) ReadJSON(digest v1.Hash, v any) error {
	data, err := d.read(digest)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("read blob %s: %w", digest, err)
	}
	return nil
}

// ReadOrdered does the same for a blob that will be written again.
func (d Dir) ReadOrdered(digest v1.Hash) (*ordered.Object, error) {
	data, err := d.read(digest)
	if err != nil {
		return nil, err
	}
	object, err := ordered.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("read blob %s: %w", digest, err)
	}
	return object, nil
}

func (d Dir) read(digest v1.Hash) ([]byte, error) {
	data, err := os.ReadFile(d.BlobPath(digest))
	if err != nil {
		return nil, fmt.Errorf("read blob: %w", err)
	}
	actual, _, err := v1.SHA256(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("read blob %s: %w", digest, err)
	}
	if actual != digest {
		return nil, fmt.Errorf("read blob %s: its bytes have digest %s: the layout is corrupt, rebuild it", digest, actual)
	}
	return data, nil
}

// Write stores data as a blob and returns its digest and size in bytes.
func (d Dir) Write(data []byte) (v1.Hash, int64, error) {
	digest, size, err := v1.SHA256(bytes.NewReader(data))
	if err != nil {
		return v1.Hash{}, 0, fmt.Errorf("write blob: %w", err)
	}
	if err := os.WriteFile(d.BlobPath(digest), data, 0o644); err != nil {
		return v1.Hash{}, 0, fmt.Errorf("write blob: %w", err)
	}
	return digest, size, nil
}

// Link makes the blob a relative symlink to a file of the build's output tree, which takes no space even for a large layer.
// The real rules do the same if Bazel permits it (7.1 and later).
func (d Dir) Link(digest v1.Hash, file string) error {
	blob := d.BlobPath(digest)
	// Both paths are made absolute without following symlinks. Inside a sandbox the output tree consists of symlinks, and
	// the relative path must be valid in the tree to which the output is moved.
	from, err := filepath.Abs(filepath.Dir(blob))
	if err != nil {
		return fmt.Errorf("link blob %s: %w", digest, err)
	}
	to, err := filepath.Abs(file)
	if err != nil {
		return fmt.Errorf("link blob %s: %w", digest, err)
	}
	target, err := filepath.Rel(from, to)
	if err != nil {
		return fmt.Errorf("link blob %s: %w", digest, err)
	}
	if err := os.Remove(blob); err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("link blob %s: %w", digest, err)
	}
	if err := os.Symlink(target, blob); err != nil {
		return fmt.Errorf("link blob %s: %w", digest, err)
	}
	return nil
}

// Copy stores the content of file as the blob with this digest. It does not change an existing blob.
func (d Dir) Copy(digest v1.Hash, file string) error {
	in, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("copy blob %s: %w", digest, err)
	}
	defer in.Close()
	out, err := os.OpenFile(d.BlobPath(digest), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if os.IsExist(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("copy blob %s: %w", digest, err)
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return fmt.Errorf("copy blob %s: %w", digest, err)
	}
	if err := out.Close(); err != nil {
		return fmt.Errorf("copy blob %s: %w", digest, err)
	}
	return nil
}

// Blobs lists the digests of all blobs.
func (d Dir) Blobs() ([]v1.Hash, error) {
	root := filepath.Join(string(d), "blobs")
	algorithms, err := os.ReadDir(root)
	if err != nil {
		return nil, fmt.Errorf("list blobs: %w", err)
	}
	var digests []v1.Hash
	for _, algorithm := range algorithms {
		blobs, err := os.ReadDir(filepath.Join(root, algorithm.Name()))
		if err != nil {
			return nil, fmt.Errorf("list blobs: %w", err)
		}
		for _, blob := range blobs {
			digest, err := v1.NewHash(algorithm.Name() + ":" + blob.Name())
			if err != nil {
				return nil, fmt.Errorf("list blobs of %s: %w", d, err)
			}
			digests = append(digests, digest)
		}
	}
	return digests, nil
}

// RootObject returns the one descriptor of index.json without changes.
func (d Dir) RootObject() (*ordered.Object, error) {
	path := filepath.Join(string(d), "index.json")
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read layout: %w", err)
	}
	index, err := ordered.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("read layout: %s: %w", path, err)
	}
	manifests, _ := index.Get("manifests").([]any)
	if len(manifests) != 1 {
		return nil, fmt.Errorf("read layout: %s: %d manifests, expected exactly one", path, len(manifests))
	}
	root, isObject := manifests[0].(*ordered.Object)
	if !isObject {
		return nil, fmt.Errorf("read layout: %s: its manifest is no object", path)
	}
	return root, nil
}

// WriteImageRoot writes index.json with its one descriptor, without annotations, as regctl and jq write it for an
// oci_image.
func (d Dir) WriteImageRoot(mediaType types.MediaType, digest v1.Hash, size int64) error {
	return d.writeRoot(ordered.New(
		"schemaVersion", 2,
		"mediaType", string(types.OCIImageIndex),
		"manifests", []any{ordered.New("mediaType", string(mediaType), "digest", digest.String(), "size", size)},
	))
}

// WriteIndexRoot does the same for an oci_image_index, whose index.json has no media type.
func (d Dir) WriteIndexRoot(digest v1.Hash, size int64) error {
	return d.writeRoot(ordered.New(
		"manifests", []any{ordered.New("mediaType", string(types.OCIImageIndex), "size", size, "digest", digest.String())},
	))
}

func (d Dir) writeRoot(index *ordered.Object) error {
	if err := os.WriteFile(filepath.Join(string(d), "index.json"), append(index.Print(), '\n'), 0o644); err != nil {
		return fmt.Errorf("write index.json: %w", err)
	}
	return nil
}
