package driver

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/GoogleContainerTools/container-structure-test/pkg/drivers"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/iptables-wrappers/iptables-wrappers/tools/airgap/modules/container_structure_test/internal/container"
	"github.com/iptables-wrappers/iptables-wrappers/tools/airgap/modules/container_structure_test/internal/image"
	"github.com/iptables-wrappers/iptables-wrappers/tools/airgap/modules/container_structure_test/internal/rootfs"
)

// Image is an unpacked image. The drivers of all tests share it.
type Image struct {
	ctx    context.Context
	config v1.Config
	layers []v1.Layer
	tree   *rootfs.Tree
	dir    string
	runner *container.Runner
	// noRunner is the reason that there is no runner.
	noRunner error
	// isolated is the reason that nothing can be mounted, or nil.
	isolated error
	count    int
}

// inMemory is the largest image that is unpacked into memory, in compressed bytes. Unpacked, it is about three times
// larger.
const inMemory = 64 << 20

// Open unpacks the image of an OCI layout below dir. The image must be for the platform, as in image.Open. If the context
// is cancelled, containers are killed. The argument isolated is the result of container.IsolateMounts.
func Open(ctx context.Context, layout, platform, dir string, isolated error) (*Image, error) {
	packed, err := image.Open(layout, platform)
	if err != nil {
		return nil, err
	}
	if isolated == nil && packed.Size <= inMemory {
		if err := container.InMemory(dir); err != nil {
			return nil, err
		}
	}
	i := &Image{ctx: ctx, config: packed.Config.Config, layers: packed.Layers, dir: dir, isolated: isolated}
	if i.tree, err = i.unpack("image"); err != nil {
		return nil, err
	}
	if architecture := packed.Config.Architecture; architecture != runtime.GOARCH {
		i.noRunner = fmt.Errorf("commands of a %s image cannot run on this %s machine: keep to files and metadata", architecture, runtime.GOARCH)
	} else {
		i.runner, i.noRunner = container.NewRunner(dir)
	}
	return i, nil
}

func (i *Image) unpack(name string) (*rootfs.Tree, error) {
	tree, err := rootfs.Unpack(i.layers, filepath.Join(i.dir, name))
	if err != nil {
		return nil, err
	}
	return tree, tree.AddInitLayer()
}

// NewDriver returns the driver of one test. Its type is that of container-structure-test's own functions.
func (i *Image) NewDriver(config drivers.DriverConfig) (drivers.Driver, error) {
	return &driver{image: i, options: config.RunOpts, env: i.config.Env}, nil
}

// newRoot creates a writable root for the commands of one test, and returns a function that removes it. The root is an
// overlay over the unpacked image or, if overlays cannot be mounted, another unpacked copy.
func (i *Image) newRoot() (string, func() error, error) {
	i.count++
	name := fmt.Sprintf("root-%d", i.count)
	if i.isolated == nil && !strings.ContainsAny(i.tree.Dir, ":,\\") {
		own := filepath.Join(i.dir, name)
		if root, err := container.Overlay(i.tree.Dir, own); err == nil {
			return root, func() error { return container.Release(own) }, nil
		}
	}
	tree, err := i.unpack(name + "-copy")
	if err != nil {
		return "", nil, err
	}
	return tree.Dir, func() error { return os.RemoveAll(tree.Dir) }, nil
}

// newVolumes creates a directory for each path that the image declares as a volume, with the image's content there. It
// returns a function that removes them.
func (i *Image) newVolumes() (directories map[string]string, release func() error, err error) {
	directories = map[string]string{}
	var used []string
	release = func() error {
		var errs []error
		for _, own := range used {
			errs = append(errs, container.Release(own))
		}
		return errors.Join(errs...)
	}
	for path := range i.config.Volumes {
		if i.isolated != nil {
			return nil, nil, i.isolated
		}
		i.count++
		own := filepath.Join(i.dir, fmt.Sprintf("volume-%d", i.count))
		content, err := i.tree.Directory(path)
		if errors.Is(err, fs.ErrNotExist) {
			content = own + "-empty"
			err = os.Mkdir(content, 0o755)
		}
		if err == nil {
			directories[path], err = container.Overlay(content, own)
		}
		if err != nil {
			return nil, nil, errors.Join(err, release())
		}
		used = append(used, own)
	}
	return directories, release, nil
}
