package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// release is one release being made.
type release struct {
	*contents
	source   *checkout
	output   string
	registry string // HOST/PREFIX
	builder  string // who makes it, for its provenance
	signer   *signer
	assets   []string // names in output/assets, in the order they were made
	indexes  []*index
}

// make goes from the files of this machine to what others can see: what is pushed is pushed by digest, and has a name
// that anybody would pull by only when all of the release is signed and has been verified.
func (r *release) make(ctx context.Context, o options) error {
	if err := newFolder(r.output); err != nil {
		return err
	}
	keys, err := os.MkdirTemp("", "release-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(keys)
	if r.signer, err = newSigner(ctx, o, keys); err != nil {
		return err
	}
	steps := []struct {
		what string
		do   func(context.Context) error
	}{
		{"notes", r.addNotes},
		{"programs", r.addPrograms},
		{"packages", r.addPackages},
		{"source archive", r.addSource},
		{"images", r.readImages},
		{"registry entry", r.addRegistryEntry},
		{"checksums", r.addChecksums},
		{"signatures", r.signAssets},
		{"images' signatures", r.pushImages},
		{"images' names", r.nameImages},
	}
	for _, step := range steps {
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
	}
	return r.report()
}

func (r *release) report() error {
	fmt.Printf("iptables-wrappers %s, commit %s, in %s:\n", r.Version, r.source.commit, r.output)
	return filepath.WalkDir(r.output, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		name, err := filepath.Rel(r.output, path)
		fmt.Printf("%10d  %s\n", info.Size(), name)
		return err
	})
}

// newFolder makes a folder, or takes one that is empty.
func newFolder(path string) error {
	if err := os.MkdirAll(path, 0o755); err != nil {
		return err
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return err
	}
	if len(entries) > 0 {
		return fmt.Errorf("%s: not empty: a release is made whole, so give another folder or remove this one", path)
	}
	return nil
}

// asset writes a file of the release.
func (r *release) asset(name string, content []byte, mode os.FileMode) error {
	r.assets = append(r.assets, name)
	return r.write(filepath.Join("assets", name), content, mode)
}

func (r *release) write(name string, content []byte, mode os.FileMode) error {
	path := filepath.Join(r.output, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s: two parts of the release have this name", name)
	}
	return os.WriteFile(path, content, mode)
}

func (r *release) assetPath(name string) string {
	return filepath.Join(r.output, "assets", name)
}
