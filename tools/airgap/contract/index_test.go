package contract_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
)

// platforms checks everything below the index and returns its platforms, in order.
func platforms(t *testing.T, dir string) ([]string, v1.Descriptor) {
	t.Helper()
	top, descriptor := load(t, dir)
	if descriptor.MediaType != types.OCIImageIndex {
		t.Fatalf("%s holds %s, want an index", dir, descriptor.MediaType)
	}
	index, err := top.ImageIndex(descriptor.Digest)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range manifest.Manifests {
		if entry.Platform == nil {
			t.Fatalf("%s has no platform", entry.Digest)
		}
		names = append(names, entry.Platform.String())
		image, err := index.Image(entry.Digest)
		if err != nil {
			t.Fatal(err)
		}
		checkImage(t, image)
	}
	return names, descriptor
}

func TestIndexListsImagesInOrder(t *testing.T) {
	got, descriptor := platforms(t, needs.Variable(t, "INDEX"))
	if diff := cmp.Diff([]string{"linux/amd64", "linux/arm/v7"}, got); diff != "" {
		t.Errorf("platforms (-want +got):\n%s", diff)
	}
	if got := digestFile(t, needs.Variable(t, "INDEX_DIGEST")); got != descriptor.Digest.String() {
		t.Errorf("digest file says %s, want %s", got, descriptor.Digest)
	}
}

func TestIndexBuildsItsImageForEachPlatform(t *testing.T) {
	got, _ := platforms(t, needs.Variable(t, "PLATFORM_INDEX"))
	if diff := cmp.Diff([]string{"linux/amd64", "linux/arm64"}, got); diff != "" {
		t.Errorf("platforms (-want +got):\n%s", diff)
	}
}
