package node

import (
	"fmt"
	"os"

	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/layer"
)

// Unpack unpacks an image's layers, tar files with or without compression, lowest first, into the folder dir. Owners are
// left out: everything is the caller's, who is root.
func Unpack(dir string, layers ...string) error {
	tree := layer.NewTree()
	for _, name := range layers {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		err = tree.Unpack(f, dir)
		f.Close()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}
