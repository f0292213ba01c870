package index

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ProtonMail/go-crypto/openpgp"
)

// ReadKeys reads OpenPGP public keys: an armored file, or every one that a folder has by a name of Fedora's.
func ReadKeys(path string) (openpgp.EntityList, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	names := []string{path}
	if info.IsDir() {
		if names, err = filepath.Glob(filepath.Join(path, "RPM-GPG-KEY-*")); err != nil {
			return nil, err
		}
		if len(names) == 0 {
			return nil, fmt.Errorf("%s: no keys (RPM-GPG-KEY-*): %w", path, fs.ErrNotExist)
		}
	}
	var keys openpgp.EntityList
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		read, err := openpgp.ReadArmoredKeyRing(bytes.NewReader(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if len(read) == 0 {
			return nil, fmt.Errorf("%s: no OpenPGP key in the file: run ./bazelw run //tools/lock/keys", name)
		}
		keys = append(keys, read...)
	}
	return keys, nil
}

// checkHash refuses OpenPGP signatures over hashes that collisions are known of, which the library accepts.
func checkHash(hash crypto.Hash) error {
	if hash != crypto.SHA256 && hash != crypto.SHA384 && hash != crypto.SHA512 {
		return fmt.Errorf("signature over %v: only SHA-256, SHA-384 and SHA-512 are accepted", hash)
	}
	return nil
}

// AlpineKeys are public keys by file name, such as alpine-devel@lists.alpinelinux.org-6165ee59.rsa.pub: a signature
// names the file of its key.
type AlpineKeys map[string]*rsa.PublicKey

// ReadAlpineKeys reads every key file (PEM, named *.rsa.pub) of a folder, as /etc/apk/keys has them.
func ReadAlpineKeys(dir string) (AlpineKeys, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.rsa.pub"))
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s: no keys (*.rsa.pub): %w", dir, fs.ErrNotExist)
	}
	keys := AlpineKeys{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		block, _ := pem.Decode(text)
		if block == nil {
			return nil, fmt.Errorf("%s: not a PEM file", name)
		}
		parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		key, isRSA := parsed.(*rsa.PublicKey)
		if !isRSA {
			return nil, fmt.Errorf("%s: not an RSA key", name)
		}
		keys[filepath.Base(name)] = key
	}
	return keys, nil
}
