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

// Names of OpenPGP keys in a directory: those of packages, as Fedora calls them, and those of an index, if other keys sign it.
const (
	packageKeyFiles = "RPM-GPG-KEY-*"
	indexKeyFiles   = "INDEX-GPG-KEY-*"
)

// ReadKeys reads OpenPGP public keys from an armored file, or from each file in a directory that is named RPM-GPG-KEY-*.
func ReadKeys(path string) (openpgp.EntityList, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return readKeyFiles(path)
	}
	names, err := filepath.Glob(filepath.Join(path, packageKeyFiles))
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s: no keys (%s): %w", path, packageKeyFiles, fs.ErrNotExist)
	}
	return readKeyFiles(names...)
}

// ReadIndexKeys reads OpenPGP public keys from each file in a directory that is named INDEX-GPG-KEY-*. If a distribution does
// not sign its index, there is none.
func ReadIndexKeys(dir string) (openpgp.EntityList, error) {
	names, err := filepath.Glob(filepath.Join(dir, indexKeyFiles))
	if err != nil {
		return nil, err
	}
	return readKeyFiles(names...)
}

func readKeyFiles(names ...string) (openpgp.EntityList, error) {
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

// fingerprint returns a key's fingerprint as gpg prints it.
func fingerprint(key *openpgp.Entity) string {
	return fmt.Sprintf("%X", key.PrimaryKey.Fingerprint)
}

// checkHash refuses OpenPGP signatures over hashes with known collisions, which the library accepts.
func checkHash(hash crypto.Hash) error {
	if hash != crypto.SHA256 && hash != crypto.SHA384 && hash != crypto.SHA512 {
		return fmt.Errorf("signature over %v: only SHA-256, SHA-384 and SHA-512 are accepted", hash)
	}
	return nil
}

// AlpineKeys are public keys by file name, such as alpine-devel@lists.alpinelinux.org-6165ee59.rsa.pub. A signature contains
// the file name of its key.
type AlpineKeys map[string]*rsa.PublicKey

// ReadAlpineKeys reads every key file (PEM, named *.rsa.pub) in a directory, such as /etc/apk/keys.
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
