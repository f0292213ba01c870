package main

import (
	"os"

	"github.com/iptables-wrappers/iptables-wrappers/tools/imagetree"
)

// base is the image over which the wrapper is installed.
type base interface {
	Size() int64 // compressed size in bytes
	Apply(*imagetree.Tree) error
}

// openBase opens the only image of an OCI layout directory, or a single layer tar.
func openBase(name string) (base, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return imagetree.Open(name)
	}
	return single{name, info.Size()}, nil
}

// single is a base of one layer.
type single struct {
	name string
	size int64
}

func (s single) Size() int64 { return s.size }

func (s single) Apply(tree *imagetree.Tree) error {
	file, err := os.Open(s.name)
	if err != nil {
		return err
	}
	defer file.Close()
	return tree.Apply(file)
}
