package main

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"time"
)

// stage copies the package's files into dir and changes all references to the copies. nFPM takes the times of scripts
// from their files, and packages a symlink as a symlink; files that Bazel passes to a program are symlinks.
func (r *request) stage(dir string) error {
	for name, path := range r.compressed {
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var out bytes.Buffer
		w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
		if err != nil {
			return err
		}
		if _, err := w.Write(data); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
		if r.variables[name], err = put(dir, name, out.Bytes()); err != nil {
			return err
		}
	}
	for name, path := range r.files {
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if r.variables[name], err = put(dir, name, data); err != nil {
			return err
		}
	}
	for name, path := range map[string]*string{"post-install": &r.postInstall, "pre-remove": &r.preRemove} {
		data, err := os.ReadFile(*path)
		if err != nil {
			return err
		}
		if *path, err = put(dir, name, data); err != nil {
			return err
		}
	}
	return nil
}

// put writes a file with a fixed modification time.
func put(dir, name string, data []byte) (path string, err error) {
	path = filepath.Join(dir, name)
	if err := os.WriteFile(path, data, 0o644); err != nil {
		return "", err
	}
	return path, os.Chtimes(path, time.Unix(0, 0), time.Unix(0, 0))
}
