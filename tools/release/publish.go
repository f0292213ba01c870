package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// publisher signs and pushes a stage. It executes none of its files.
type publisher struct {
	*stage
	dir     string
	images  v1.ImageIndex
	signer  *signer
	builder string // the identity of the workflow; empty in a rehearsal
}

// publish signs a stage and pushes its images: first by digest, and by tag only after everything is signed and verified.
func publish(ctx context.Context, o options, src *checkout) error {
	s, err := readStage(o.staged, o.registry)
	if err != nil {
		return err
	}
	if s.Commit != src.commit {
		return fmt.Errorf("%s: made of commit %s, the checkout is at %s: check that commit out", o.staged, s.Commit, src.commit)
	}
	path, err := layout.FromPath(filepath.Join(o.staged, layoutName))
	if err != nil {
		return err
	}
	p := &publisher{stage: s, dir: o.staged, builder: o.identity}
	if p.images, err = path.ImageIndex(); err != nil {
		return err
	}
	keys, err := os.MkdirTemp("", "release-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(keys)
	if p.signer, err = newSigner(ctx, o, keys); err != nil {
		return err
	}
	return inOrder(ctx, []step{
		{"signatures", p.signAssets},
		{"images' signatures", p.pushImages},
		{"images' tags", p.tagImages},
	})
}

// signAssets signs every file, and attests in one statement how all of them were made.
func (p *publisher) signAssets(ctx context.Context) error {
	sums, err := os.ReadFile(p.asset(checksums))
	if err != nil {
		return err
	}
	subjects := []subject{}
	names := []string{checksums}
	for line := range strings.Lines(string(sums)) {
		sum, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		subjects = append(subjects, subject{Name: name, Digest: map[string]string{"sha256": sum}})
		names = append(names, name)
	}
	const attested = "provenance.sigstore.json"
	if err := p.signer.attestFiles(ctx, p.statement(subjects), p.asset(attested)); err != nil {
		return err
	}
	for _, name := range names {
		if err := p.signer.signFile(ctx, p.asset(name)); err != nil {
			return err
		}
		if name == checksums {
			continue
		}
		if err := p.signer.verifyStatement(ctx, p.asset(name), p.asset(attested)); err != nil {
			return err
		}
	}
	if p.signer.public == "" {
		return nil
	}
	public, err := os.ReadFile(p.signer.public)
	if err != nil {
		return err
	}
	return os.WriteFile(p.asset("cosign.pub"), public, 0o644)
}

func (p *publisher) asset(name string) string { return filepath.Join(p.dir, "assets", name) }

// pushImages pushes by digest only, and signs and attests what it pushed.
func (p *publisher) pushImages(ctx context.Context) error {
	return p.each(func(in stagedIndex, at name.Digest, content v1.ImageIndex) error {
		if err := remote.WriteIndex(at, content, remoteOptions(ctx)...); err != nil {
			return err
		}
		if err := p.signer.signImages(ctx, at.String()); err != nil {
			return err
		}
		if err := p.signer.verifyImage(ctx, at.String()); err != nil {
			return err
		}
		if err := p.signer.attestImage(ctx, at.String(), provenanceType, p.provenance(p.builder)); err != nil {
			return err
		}
		for digest, file := range in.SBOMs {
			bill, err := os.ReadFile(filepath.Join(p.dir, file))
			if err != nil {
				return err
			}
			reference := at.Digest(digest).String()
			if err := p.signer.verifyImage(ctx, reference); err != nil {
				return err
			}
			if err := p.signer.attestImage(ctx, reference, "cyclonedx", json.RawMessage(bill)); err != nil {
				return err
			}
		}
		return nil
	})
}

// tagImages is the last step: users pull images by these tags.
func (p *publisher) tagImages(ctx context.Context) error {
	return p.each(func(in stagedIndex, at name.Digest, content v1.ImageIndex) error {
		for _, tag := range in.Tags {
			if err := remote.Tag(at.Context().Tag(tag), content, remoteOptions(ctx)...); err != nil {
				return err
			}
		}
		return nil
	})
}

func (p *publisher) each(do func(stagedIndex, name.Digest, v1.ImageIndex) error) error {
	for _, in := range p.Images {
		at, err := name.NewDigest(in.Repository + "@" + in.Digest)
		if err != nil {
			return err
		}
		hash, err := v1.NewHash(in.Digest)
		if err != nil {
			return err
		}
		content, err := p.images.ImageIndex(hash)
		if err != nil {
			return err
		}
		if err := do(in, at, content); err != nil {
			return fmt.Errorf("%s: %w", in.name(), err)
		}
	}
	return nil
}

// remoteOptions uses the credentials of `docker login` or `cosign login`.
func remoteOptions(ctx context.Context) []remote.Option {
	return []remote.Option{remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain)}
}
