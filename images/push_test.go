package images_test

import (
	"io"
	"log"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
)

// A registry returns the index that was built, with all manifests, configurations and layers.
func TestPush(t *testing.T) {
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	for variant, targets := range map[string][2]string{
		"debian":     {"DEBIAN_PUSH", "DEBIAN_DIGEST"},
		"distroless": {"DISTROLESS_PUSH", "DISTROLESS_DIGEST"},
	} {
		t.Run(variant, func(t *testing.T) {
			repository := strings.TrimPrefix(server.URL, "http://") + "/iptables-wrappers/" + variant
			if out, err := exec.Command(needs.Variable(t, targets[0]), "--repository", repository).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			digest, err := os.ReadFile(needs.Variable(t, targets[1]))
			if err != nil {
				t.Fatal(err)
			}
			for _, reference := range []string{":trixie", "@" + strings.TrimSpace(string(digest))} {
				checkPulled(t, repository+reference, strings.TrimSpace(string(digest)))
			}
		})
	}
}

func checkPulled(t *testing.T, text, want string) {
	t.Helper()
	reference, err := name.ParseReference(text)
	if err != nil {
		t.Fatal(err)
	}
	index, err := remote.Index(reference)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := index.Digest(); err != nil || got.String() != want {
		t.Errorf("%s is %s (%v), want %s", text, got, err, want)
	}
	if err := validate.Index(index); err != nil {
		t.Errorf("%s: %v", text, err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, image := range manifest.Manifests {
		got = append(got, strings.TrimSuffix(image.Platform.Architecture+"/"+image.Platform.Variant, "/"))
	}
	slices.Sort(got)
	if want := needs.Variable(t, "ARCHITECTURES"); strings.Join(got, " ") != want {
		t.Errorf("%s has images for %s, want those of the table, %s", text, strings.Join(got, " "), want)
	}
}
