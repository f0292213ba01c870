package rootfs

import (
	"archive/tar"
	"errors"
	"io"
	"path"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
)

var errLost = errors.New("the tar driver loses links that precede their directory, and it reads the topmost layer first: use the docker driver")

// LikeTarDriver marks the links that container-structure-test's tar driver silently fails to create. That driver unpacks
// the flattened image, topmost layer first, and creates parent directories only for files. So it loses all links that a
// layer installs into directories of a lower layer. Reading such a path is an error, whatever the test expects.
func (t *Tree) LikeTarDriver(image v1.Image) error {
	flat := mutate.Extract(image)
	defer flat.Close()
	reader := tar.NewReader(flat)
	t.lost = map[string]bool{}
	made := map[string]bool{"/": true}
	for {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		name := path.Clean("/" + header.Name)
		parent := path.Dir(name)
		switch header.Typeflag {
		case tar.TypeSymlink, tar.TypeLink:
			if !made[parent] {
				target, err := t.resolve(name)
				if err != nil {
					return err
				}
				t.lost[filepath.Clean(target)] = true
				continue
			}
			made[name] = true
		case tar.TypeDir:
			parent = name
			fallthrough
		default:
			for ; !made[parent]; parent = path.Dir(parent) {
				made[parent] = true
			}
		}
	}
}
