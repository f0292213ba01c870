package main

import (
	"encoding/json"
	"runtime"
	"slices"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
)

// What a scanner finds in the image by itself is what our bill says, package by package.
func TestSyft(t *testing.T) {
	needs.Machine(t, "syft")
	m := rehearse(t)
	for _, line := range m.released(t) {
		at, err := name.NewDigest(line)
		if err != nil {
			t.Fatal(err)
		}
		found := tool(t, "syft", "scan", "--quiet", "--platform", "linux/"+hostArch(t, m), "--select-catalogers", "dpkg", "--output", "syft-json", "registry:"+at.String())
		var report struct {
			Artifacts []struct{ Name, Version string }
		}
		if err := json.Unmarshal([]byte(found), &report); err != nil {
			t.Fatal(err)
		}
		got := []string{"debian@13", "iptables-wrapper@" + m.Version}
		for _, artifact := range report.Artifacts {
			got = append(got, artifact.Name+"@"+artifact.Version)
		}
		slices.Sort(got)
		image, err := remote.Image(at, remote.WithPlatform(v1.Platform{OS: "linux", Architecture: runtime.GOARCH}))
		if err != nil {
			t.Fatal(err)
		}
		digest, err := image.Digest()
		if err != nil {
			t.Fatal(err)
		}
		want, _ := readBill(t, m.attested(t, at.Context().Digest(digest.String()).String()))
		if !slices.Equal(got, want) {
			t.Errorf("syft finds %q, the bill lists %q", got, want)
		}
	}
}
