package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/ProtonMail/go-crypto/openpgp"

	"github.com/iptables-wrappers/iptables-wrappers/tools/fixture"
)

// mirror is a directory that is served like the distributions' own servers, with its keys.
type mirror struct {
	dir          string
	alpine       *fixture.AlpineKey
	alpinePublic []byte
	fedora       *openpgp.Entity
}

// newMirror creates keys, and replaces the distributions' keys in a checkout by their public halves.
func newMirror(dir, checkout string) (*mirror, error) {
	m := &mirror{dir: dir}
	var err error
	if m.alpine, m.alpinePublic, err = fixture.NewAlpineKey(alpineKey, 4096); err != nil {
		return nil, err
	}
	var public []byte
	if m.fedora, public, err = fixture.NewSigner(4096); err != nil {
		return nil, err
	}
	for file, key := range map[string][]byte{"alpine/keys/" + alpineKey: m.alpinePublic, "fedora/keys/RPM-GPG-KEY-tests-e2e": public} {
		path := filepath.Join(checkout, "images", file)
		if err := os.RemoveAll(filepath.Dir(path)); err != nil {
			return nil, err
		}
		if err := write(path, key); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// fill creates the packages and indexes of every release, one architecture after the other, because all of Debian's packages are in
// memory.
func (m *mirror) fill(releases []release) error {
	architectures := map[string]bool{}
	for _, r := range releases {
		for oci := range r.architectures {
			architectures[oci] = true
		}
	}
	for oci := range architectures {
		from, err := fixture.ReadSources(strings.Fields(os.Getenv("DEBS_" + oci)))
		if err != nil {
			return fmt.Errorf("Debian's packages for %s: %w", oci, err)
		}
		for _, r := range releases {
			own, has := r.architectures[oci]
			switch {
			case !has:
			case r.distro == "alpine":
				err = m.makeAlpine(from, r.version, oci, own)
			default:
				err = m.makeFedora(from, r.version, own)
			}
			if err != nil {
				return fmt.Errorf("%s for %s: %w", r.title, oci, err)
			}
		}
	}
	return nil
}

// serve serves the directory on loopback until the program ends, and returns the value of the setting that names it.
func (m *mirror) serve() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	go http.Serve(listener, http.FileServer(http.Dir(m.dir)))
	address := "http://" + listener.Addr().String()
	return "alpine=" + address + "/alpine fedora=" + address + "/fedora/linux", nil
}

func write(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o644)
}
