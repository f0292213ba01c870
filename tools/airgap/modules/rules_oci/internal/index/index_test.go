package index

import (
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/iptables-wrappers/iptables-wrappers/tools/airgap/modules/rules_oci/internal/image"
)

func TestIndexesDoNotNest(t *testing.T) {
	single, joined := filepath.Join(t.TempDir(), "image"), filepath.Join(t.TempDir(), "index")
	if err := image.Build(image.Spec{Platform: v1.Platform{OS: "linux", Architecture: "amd64"}}, single); err != nil {
		t.Fatal(err)
	}
	// Using the same image twice is allowed: its blobs are stored once.
	if err := Build([]string{single, single}, joined); err != nil {
		t.Fatal(err)
	}
	err := Build([]string{joined}, filepath.Join(t.TempDir(), "index"))
	if err == nil || !strings.Contains(err.Error(), "single images only") {
		t.Errorf("an index of an index: %v", err)
	}
	err = image.Build(image.Spec{Base: joined}, filepath.Join(t.TempDir(), "image"))
	if err == nil || !strings.Contains(err.Error(), "only a single image can be extended") {
		t.Errorf("an image on an index: %v", err)
	}
}
