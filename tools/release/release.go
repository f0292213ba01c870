package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// release is a release that is being made.
type release struct {
	*contents
	source   *checkout
	output   string
	registry string   // HOST/PREFIX
	vex      string   // file of govulncheck; empty for none
	assets   []string // names in output/assets, in the order in which they were made
	images   []stagedIndex
}

// stage writes all files of a release and the images to the output directory. It needs no credentials and no network.
func (r *release) stage(ctx context.Context) error {
	if err := makeEmptyDir(r.output); err != nil {
		return err
	}
	steps := []step{
		{"notes", r.addNotes},
		{"programs", r.addPrograms},
		{"packages", r.addPackages},
		{"source archive", r.addSource},
		{"images", r.addImages},
		{"VEX", r.addVEX},
		{"registry entry", r.addRegistryEntry},
		{"checksums", r.addChecksums},
		{"stage", r.writeStage},
	}
	if err := inOrder(ctx, steps); err != nil {
		return err
	}
	return r.report()
}

type step struct {
	what string
	do   func(context.Context) error
}

func inOrder(ctx context.Context, steps []step) error {
	for _, step := range steps {
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
	}
	return nil
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

// makeEmptyDir creates a directory, or accepts an empty one.
func makeEmptyDir(path string) error {
	if err := os.MkdirAll(path, 0o755); err != nil {
		return err
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return err
	}
	if len(entries) > 0 {
		return fmt.Errorf("%s: not empty: a release is made as a whole: name another directory or remove this one", path)
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
