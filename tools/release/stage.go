package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// The parts of a stage that the signing job reads, besides the assets.
const (
	stageName  = "stage.json"
	layoutName = "layout"
	imageList  = "images.txt"
)

// stage describes the directory that --stage writes. The signing job reads it and the files that it names, and nothing else
// from the build job.
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

// name returns the index's line in images.txt.
func (i stagedIndex) name() string { return i.Repository + ":" + i.Tags[0] + "@" + i.Digest }

func (r *release) writeStage(context.Context) error {
	text, err := indented(stage{Version: r.Version, Commit: r.source.commit, Images: r.images})
	if err != nil {
		return err
	}
	return r.write(stageName, text, 0o644)
}

// readStage reads and checks a stage that another job wrote. It must contain only regular files. Each asset must have its sum
// in SHA256SUMS, and none may be missing. Each image must have its line in images.txt, be for this project's repositories, and
// have the tags of this version.
func readStage(dir, registry string) (*stage, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	if err := fs.WalkDir(root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && !entry.Type().IsRegular() {
			return fmt.Errorf("%s: not a regular file: make the stage again", name)
		}
		return err
	}); err != nil {
		return nil, err
	}
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
		if name, found := strings.CutPrefix(in.Repository, registry+"/"); !found || !repositoryName.MatchString(name) {
			return nil, fmt.Errorf("%s: image %s: not a repository of %s/iptables-*: make the stage with the same --registry", stageName, in.Repository, registry)
		}
		if err := s.checkTags(in.Tags); err != nil {
			return nil, fmt.Errorf("%s: image %s: %w", stageName, in.Repository, err)
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

var repositoryName = regexp.MustCompile(`^iptables-[a-z0-9]+(-[a-z0-9]+)*$`)

// checkTags allows RELEASE-VERSION, and RELEASE after it unless the version is a pre-release.
func (s *stage) checkTags(tags []string) error {
	release, found := strings.CutSuffix(tags[0], "-"+s.Version)
	others := tags[1:]
	if !found || release == "" || len(others) > 1 || len(others) == 1 && (others[0] != release || (&contents{Version: s.Version}).prerelease()) {
		return fmt.Errorf("tags %q: want RELEASE-%s, and RELEASE of a final version: make the stage again", tags, s.Version)
	}
	return nil
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
	entries, err := fs.ReadDir(root.FS(), "assets")
	if err != nil {
		return err
	}
	for _, entry := range entries {
		name := entry.Name()
		if name == checksums {
			continue
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
