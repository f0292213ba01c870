package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// issuer certifies the identity of a workflow to sigstore.
const issuer = "https://token.actions.githubusercontent.com"

// signer signs with cosign in one of two ways: with a key, offline and in no public log, or keyless, as a workflow whose
// identity is in the certificate and in the log. It verifies everything that it signs.
type signer struct {
	dir    string   // for attested files
	sign   []string // flags of the commands that sign
	verify []string // flags of the commands that verify
	public string   // file of the public key; empty without a key
}

func newSigner(ctx context.Context, o options, dir string) (*signer, error) {
	if _, err := exec.LookPath("cosign"); err != nil {
		return nil, fmt.Errorf("cosign: not in PATH: apt-get install cosign (Debian 14), or see https://docs.sigstore.dev; ./bazelw --airgap has it")
	}
	s := &signer{dir: dir}
	if o.identity != "" {
		s.verify = []string{"--certificate-identity", o.identity, "--certificate-oidc-issuer", issuer}
		return s, nil
	}
	key := o.key
	if key == "" {
		key = filepath.Join(dir, "temporary.key")
		if err := s.cosign(ctx, "generate-key-pair", "--output-key-prefix", strings.TrimSuffix(key, ".key")); err != nil {
			return nil, err
		}
	}
	s.public = strings.TrimSuffix(key, ".key") + ".pub"
	// These two files name no transparency log, no timestamp authority and no root of trust. A signature with a key
	// needs none of them.
	services, root := filepath.Join(dir, "services.json"), filepath.Join(dir, "root.json")
	if err := s.cosign(ctx, "signing-config", "create", "--out", services); err != nil {
		return nil, err
	}
	if err := s.cosign(ctx, "trusted-root", "create", "--out", root); err != nil {
		return nil, err
	}
	s.sign = []string{"--key", key, "--signing-config", services, "--trusted-root", root}
	s.verify = []string{"--key", s.public, "--insecure-ignore-tlog=true"}
	return s, nil
}

// bundle returns the file name of a file's signature, by sigstore's convention.
func bundle(path string) string { return path + ".sigstore.json" }

func (s *signer) signFile(ctx context.Context, path string) error {
	if err := s.cosign(ctx, "sign-blob", s.sign, "--yes", "--bundle", bundle(path), path); err != nil {
		return err
	}
	return s.cosign(ctx, "verify-blob", s.verify, "--bundle", bundle(path), path)
}

func (s *signer) attestFiles(ctx context.Context, statement any, bundle string) error {
	path, err := s.temporary("statement.json", statement)
	if err != nil {
		return err
	}
	return s.cosign(ctx, "attest-blob", s.sign, "--yes", "--statement", path, "--bundle", bundle)
}

func (s *signer) verifyStatement(ctx context.Context, path, bundle string) error {
	return s.cosign(ctx, "verify-blob-attestation", s.verify, "--type", provenanceType, "--bundle", bundle, path)
}

// signImages signs an index and each of its images.
func (s *signer) signImages(ctx context.Context, reference string) error {
	return s.cosign(ctx, "sign", s.sign, "--yes", "--recursive", reference)
}

func (s *signer) verifyImage(ctx context.Context, reference string) error {
	return s.cosign(ctx, "verify", s.verify, reference)
}

func (s *signer) attestImage(ctx context.Context, reference, kind string, predicate any) error {
	path, err := s.temporary("predicate.json", predicate)
	if err != nil {
		return err
	}
	if err := s.cosign(ctx, "attest", s.sign, "--yes", "--type", kind, "--predicate", path, reference); err != nil {
		return err
	}
	return s.cosign(ctx, "verify-attestation", s.verify, "--type", kind, reference)
}

func (s *signer) temporary(name string, content any) (string, error) {
	text, err := json.Marshal(content)
	if err != nil {
		return "", err
	}
	path := filepath.Join(s.dir, name)
	return path, os.WriteFile(path, text, 0o600)
}

// cosign runs one command. Its arguments are words and lists of words. cosign's output is printed only on failure, because a
// release needs hundreds of commands.
func (s *signer) cosign(ctx context.Context, name string, arguments ...any) error {
	words := []string{name}
	for _, argument := range arguments {
		switch argument := argument.(type) {
		case string:
			words = append(words, argument)
		case []string:
			words = append(words, argument...)
		}
	}
	command := exec.CommandContext(ctx, "cosign", words...)
	command.Env = os.Environ()
	if _, set := os.LookupEnv("COSIGN_PASSWORD"); !set {
		// Without it cosign prompts for a password. A temporary key has none, and an unprotected key has none either.
		command.Env = append(command.Env, "COSIGN_PASSWORD=")
	}
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("cosign %s: %w: %s", strings.Join(words, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}
