package main

import (
	"bytes"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"github.com/ProtonMail/go-crypto/openpgp"

	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/index"
)

// These Go modules contain, as test data, files that a distribution has signed. This repository contains no copy of them.
const (
	alpineModule = "chainguard.dev/apko@v0.30.0"            // the indexes of Alpine 3.16 (x86_64) and 3.17 (aarch64)
	rpmModule    = "github.com/sassoftware/relic/v8@v8.2.0" // a package of Rocky Linux 9; no module contains one of Fedora
)

// prove prints to out whether real signatures are accepted with the right keys and refused with wrong ones.
func prove(images string, files map[string][]byte, out io.Writer) error {
	if err := proveAlpine(filepath.Join(images, "alpine", "keys"), out); err != nil {
		return err
	}
	return proveRPM(files, out)
}

func proveAlpine(dir string, out io.Writer) error {
	keys, err := index.ReadAlpineKeys(dir)
	if err != nil {
		return err
	}
	module, err := download(alpineModule)
	if err != nil {
		return err
	}
	for release, name := range map[string]string{
		"alpine-316": "alpine-devel@lists.alpinelinux.org-6165ee59.rsa.pub",
		"alpine-317": "alpine-devel@lists.alpinelinux.org-616ae350.rsa.pub",
	} {
		data, err := os.ReadFile(filepath.Join(module, "pkg/apk/apk/testdata", release, "APKINDEX.tar.gz"))
		if err != nil {
			return err
		}
		if _, _, err := index.VerifyAPKINDEX(data, keys); err != nil {
			return fmt.Errorf("%s: %w", release, err)
		}
		fmt.Fprintf(out, "%s: signed by %s\n", release, name)

		changed := bytes.Clone(data)
		changed[len(changed)-1] ^= 1
		if err := refused(out, release+", one bit changed", changed, keys); err != nil {
			return err
		}
		unknown := maps.Clone(keys)
		delete(unknown, name)
		if err := refused(out, release+", its key not here", data, unknown); err != nil {
			return err
		}
		// Another one of Alpine's own keys under the name of the key that signed.
		swapped := maps.Clone(keys)
		for _, other := range slices.Sorted(maps.Keys(keys)) {
			if other != name {
				swapped[name] = keys[other]
			}
		}
		if err := refused(out, release+", a wrong key by its name", data, swapped); err != nil {
			return err
		}
	}
	return nil
}

func refused(out io.Writer, what string, data []byte, keys map[string]*rsa.PublicKey) error {
	_, _, err := index.VerifyAPKINDEX(data, keys)
	if err == nil {
		return fmt.Errorf("%s: not refused", what)
	}
	fmt.Fprintf(out, "%s: refused: %v\n", what, err)
	return nil
}

func proveRPM(files map[string][]byte, out io.Writer) error {
	module, err := download(rpmModule)
	if err != nil {
		return err
	}
	data, err := os.ReadFile(filepath.Join(module, "functest/packages/rocky-basesystem-11-13.el9.noarch.rpm"))
	if err != nil {
		return err
	}
	for _, try := range []struct {
		key  string
		good bool
	}{{"rocky/RPM-GPG-KEY-Rocky-9", true}, {"fedora/RPM-GPG-KEY-fedora-43-primary", false}} {
		keys, err := openpgp.ReadArmoredKeyRing(bytes.NewReader(files[try.key]))
		if err != nil {
			return fmt.Errorf("key %s: %w", try.key, err)
		}
		err = index.VerifyRPM(data, keys)
		switch {
		case try.good && err == nil:
			fmt.Fprintf(out, "basesystem of Rocky Linux 9: signed by %s\n", try.key)
		case try.good:
			return fmt.Errorf("basesystem of Rocky Linux 9, %s: %w", try.key, err)
		case err == nil:
			return fmt.Errorf("basesystem of Rocky Linux 9, %s: not refused", try.key)
		default:
			fmt.Fprintf(out, "basesystem of Rocky Linux 9, %s: refused: %v\n", try.key, err)
		}
	}
	return nil
}

// download returns the directory of a module, which the go command downloads and verifies.
func download(module string) (string, error) {
	var stderr bytes.Buffer
	command := exec.Command("go", "mod", "download", "-json", module)
	command.Dir, command.Stderr = os.TempDir(), &stderr // not in a module, whose requirements would be loaded
	text, err := command.Output()
	var found struct{ Dir, Error string }
	if parseErr := json.Unmarshal(text, &found); err != nil || parseErr != nil {
		return "", fmt.Errorf("module %s: %v: %s%s", module, err, stderr.Bytes(), found.Error)
	}
	return found.Dir, nil
}
