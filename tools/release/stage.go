package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// The parts of a stage that a signer reads, beside the assets.
const (
	stageName  = "stage.json"
	layoutName = "layout"
	imageList  = "images.txt"
)

// stage describes the folder that --stage made. It is the only information that the job with rights takes from the job without.
type stage struct {
	Version string        `json:"version"`
	Commit  string        `json:"commit"`
	Images  []stagedIndex `json:"images"`
}

// stagedIndex is one image index in the layout.
type stagedIndex struct {
	Repository string            `json:"repository"`
	Digest     string            `json:"digest"`
	Tags       []string          `json:"tags"`
	SBOMs      map[string]string `json:"sboms"` // file in the stage, by the image's digest
}

// name is the index's line in images.txt.
func (i stagedIndex) name() string { return i.Repository + ":" + i.Tags[0] + "@" + i.Digest }

func (r *release) writeStage(context.Context) error {
	text, err := indented(stage{Version: r.Version, Commit: r.source.commit, Images: r.images})
	if err != nil {
		return err
	}
	return r.write(stageName, text, 0o644)
}

// readStage reads and checks a stage that another job made: each asset is a regular file with the sum in SHA256SUMS, no asset
// is missing there, each image has its line in images.txt and belongs to the registry, and each path stays in the folder.
func readStage(dir, registry string) (*stage, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	text, err := root.ReadFile(stageName)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	s := &stage{}
	if err := decoder.Decode(s); err != nil {
		return nil, fmt.Errorf("%s: %w", stageName, err)
	}
	if err := checkSums(root); err != nil {
		return nil, err
	}
	var list strings.Builder
	for _, in := range s.Images {
		if _, err := v1.NewHash(in.Digest); err != nil || len(in.Tags) == 0 {
			return nil, fmt.Errorf("%s: image %s@%s: digest or tag is missing: make the stage again", stageName, in.Repository, in.Digest)
		}
		if !strings.HasPrefix(in.Repository, registry+"/") {
			return nil, fmt.Errorf("%s: image %s: not in the registry %s: make the stage with the same --registry", stageName, in.Repository, registry)
		}
		for _, file := range in.SBOMs {
			if info, err := root.Lstat(file); err != nil || !info.Mode().IsRegular() {
				return nil, fmt.Errorf("%s: SBOM %q: not a regular file in the stage: make the stage again", stageName, file)
			}
		}
		list.WriteString(in.name() + "\n")
	}
	listed, err := root.ReadFile(filepath.Join("assets", imageList))
	if err != nil {
		return nil, err
	}
	if list.String() != string(listed) {
		return nil, fmt.Errorf("%s: other images than in %s: make the stage again", imageList, stageName)
	}
	return s, nil
}

// checkSums compares the assets with SHA256SUMS.
func checkSums(root *os.Root) error {
	sums, err := root.ReadFile(filepath.Join("assets", checksums))
	if err != nil {
		return err
	}
	want := map[string]string{}
	lines := bufio.NewScanner(bytes.NewReader(sums))
	for lines.Scan() {
		sum, name, _ := strings.Cut(lines.Text(), "  ")
		want[name] = sum
	}
	folder, err := root.Open("assets")
	if err != nil {
		return err
	}
	defer folder.Close()
	entries, err := folder.ReadDir(-1)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		name := entry.Name()
		if name == checksums {
			continue
		}
		if !entry.Type().IsRegular() {
			return fmt.Errorf("assets/%s: not a regular file: make the stage again", name)
		}
		content, err := root.ReadFile(filepath.Join("assets", name))
		if err != nil {
			return err
		}
		if got := fmt.Sprintf("%x", sha256.Sum256(content)); got != want[name] {
			return fmt.Errorf("assets/%s: sha256 %s, %s has %q: make the stage again", name, got, checksums, want[name])
		}
		delete(want, name)
	}
	for name := range want {
		return fmt.Errorf("assets/%s: listed in %s and missing: make the stage again", name, checksums)
	}
	return nil
}
