package node

import (
	"fmt"
	"os"

	"github.com/iptables-wrappers/iptables-wrappers/tools/imagetree"
)

// Unpack unpacks an image's layers, tar files with or without compression, lowest first, into the empty directory dir.
// It ignores owners: all files belong to the caller, who is root.
func Unpack(dir string, layers ...string) error {
	size := int64(0)
	for _, name := range layers {
		info, err := os.Stat(name)
		if err != nil {
			return err
		}
		size += info.Size()
	}
	return imagetree.Unpack(dir, imagetree.Limits(size), func(tree *imagetree.Tree) error {
		for _, name := range layers {
			f, err := os.Open(name)
			if err != nil {
				return err
			}
			err = tree.Apply(f)
			f.Close()
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		return nil
	})
}
