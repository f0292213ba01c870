package main

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// mirror is a folder that is served as the distributions' own servers serve theirs.
type mirror struct {
	folder   string
	scratch  string
	fixtures string // the program tests/layouts/fixtures
}

// serve serves the folder on loopback until the program ends, and returns the value of the setting that names it.
func (m *mirror) serve() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	go http.Serve(listener, http.FileServer(http.Dir(m.folder)))
	address := "http://" + listener.Addr().String()
	return "alpine=" + address + "/alpine fedora=" + address + "/fedora/linux", nil
}

// pack makes one package in the format that extension says, signed by the key in a file unless that is "".
func (m *mirror) pack(p pack, oci, extension, key string) ([]byte, error) {
	text, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	spec, output := filepath.Join(m.scratch, "spec.json"), filepath.Join(m.scratch, "package"+extension)
	if err := os.WriteFile(spec, text, 0o644); err != nil {
		return nil, err
	}
	args := []string{"--spec", spec, "--output", output}
	if key != "" {
		args = append(args, "--sign", key)
	}
	for path, file := range p.programs {
		args = append(args, "--program", path+"="+file)
	}
	debs := strings.Fields(os.Getenv("DEBS_" + oci)) // Debian's packages of an architecture
	// iptables says the version and the architecture.
	for _, name := range append([]string{"iptables"}, p.sources...) {
		at := slices.IndexFunc(debs, func(deb string) bool { return strings.HasPrefix(filepath.Base(deb), name+"_") })
		if at < 0 {
			return nil, fmt.Errorf("package %s for %s: Debian's %s is not among its %d packages", p.Name, oci, name, len(debs))
		}
		args = append(args, debs[at])
	}
	if out, err := exec.Command(m.fixtures, args...).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("package %s for %s: %w: %s", p.Name, oci, err, bytes.TrimSpace(out))
	}
	return os.ReadFile(output)
}

// newKeys makes the keys that take the place of the distributions' own in a checkout: Alpine's, and the file with Fedora's
// secret one.
func (m *mirror) newKeys(checkout string) (*rsa.PrivateKey, string, error) {
	key, err := rsa.GenerateKey(rand.Reader, 4096)
	if err != nil {
		return nil, "", err
	}
	public, err := publicPEM(key)
	if err != nil {
		return nil, "", err
	}
	signer, err := openpgp.NewEntity("tools/lock/rows", "", "rows@example.com", &packet.Config{
		Algorithm: packet.PubKeyAlgoRSA, RSABits: 4096, DefaultHash: crypto.SHA256,
	})
	if err != nil {
		return nil, "", err
	}
	var public2, secret bytes.Buffer
	for _, half := range []struct {
		kind string
		to   *bytes.Buffer
	}{{openpgp.PublicKeyType, &public2}, {openpgp.PrivateKeyType, &secret}} {
		out, err := armor.Encode(half.to, half.kind, nil)
		if err != nil {
			return nil, "", err
		}
		if half.kind == openpgp.PublicKeyType {
			err = signer.Serialize(out)
		} else {
			err = signer.SerializePrivate(out, nil)
		}
		if err != nil {
			return nil, "", err
		}
		if err := out.Close(); err != nil {
			return nil, "", err
		}
	}
	secretFile := filepath.Join(m.scratch, "secret.asc")
	for path, data := range map[string][]byte{
		filepath.Join(checkout, "images/alpine/keys", alpineKey):                public,
		filepath.Join(checkout, "images/fedora/keys", "RPM-GPG-KEY-tests-rows"): public2.Bytes(),
		secretFile: secret.Bytes(),
	} {
		if filepath.Dir(path) != m.scratch {
			if err := os.RemoveAll(filepath.Dir(path)); err != nil {
				return nil, "", err
			}
		}
		if err := write(path, data); err != nil {
			return nil, "", err
		}
	}
	return key, secretFile, nil
}
