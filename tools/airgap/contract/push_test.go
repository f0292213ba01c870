package contract_test

import (
	"io"
	"log"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
)

// serve starts an empty registry on loopback and returns its host:port.
func serve(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

// pulled returns the descriptor of the reference in the registry.
func pulled(t *testing.T, text string) *remote.Descriptor {
	t.Helper()
	reference, err := name.ParseReference(text)
	if err != nil {
		t.Fatal(err)
	}
	descriptor, err := remote.Get(reference)
	if err != nil {
		t.Fatal(err)
	}
	return descriptor
}

func TestPushByDigestThenTags(t *testing.T) {
	_, want := load(t, needs.Variable(t, "IMAGE"))
	repository := serve(t) + "/some/image"
	run(t, needs.Variable(t, "PUSH"), nil, "--repository", repository, "--tag", "from-flag")
	for _, reference := range []string{"@" + want.Digest.String(), ":from-flag", ":from-file"} {
		got := pulled(t, repository+reference)
		if got.Digest != want.Digest {
			t.Errorf("%s is %s, want %s", reference, got.Digest, want.Digest)
		}
		image, err := got.Image()
		if err != nil {
			t.Fatal(err)
		}
		checkImage(t, image)
	}
}

func TestPushIndex(t *testing.T) {
	_, want := load(t, needs.Variable(t, "INDEX"))
	repository := serve(t) + "/some/index"
	run(t, needs.Variable(t, "PUSH_INDEX"), nil, "-r", repository, "-t", "latest")
	index, err := pulled(t, repository+":latest").ImageIndex()
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(index, validate.Fast); err != nil {
		t.Error(err)
	}
	var got v1.Hash
	if got, err = index.Digest(); err != nil || got != want.Digest {
		t.Errorf("pushed %s (%v), want %s", got, err, want.Digest)
	}
}

func TestPushFailsWithoutRegistry(t *testing.T) {
	// The target's own repository is on a host name that RFC 2606 reserves, so it never exists.
	output, err := exec.Command(needs.Variable(t, "PUSH")).CombinedOutput()
	if err == nil {
		t.Errorf("pushed to nowhere:\n%s", output)
	}
}
