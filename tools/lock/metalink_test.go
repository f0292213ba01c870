package main

import (
	"net/http"
	"slices"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/images"
	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/index"
)

// TestMetalinkAddresses checks which document each repository of Fedora is compared with. Its own addresses always need one. If the
// operator names a mirror, it is compared only if the operator names the metalink too.
func TestMetalinkAddresses(t *testing.T) {
	table, err := images.Read("../../images/distros.generated.json")
	must(t, err)
	const own, named = "https://mirrors.fedoraproject.org/metalink", "https://metalink.example/here"
	for _, row := range []struct {
		what               string
		mirrors            mirrors
		primary, secondary []string
	}{
		{"own addresses", mirrors{}, metalinks(own, "x86_64"), metalinks(own, "s390x")},
		{"mirrors of other distributions", mirrors{"debian": "http://mirror.example/debian"}, metalinks(own, "x86_64"), metalinks(own, "s390x")},
		{"a mirror", mirrors{"": "http://mirror.example/fedora/linux"}, []string{"", ""}, []string{"", ""}},
		{"a mirror of one tree", mirrors{"fedora-secondary": "http://mirror.example/s"}, metalinks(own, "x86_64"), []string{"", ""}},
		{"both", mirrors{"": "http://mirror.example/fedora/linux", "fedora-metalink": named}, metalinks(named, "x86_64"), metalinks(named, "s390x")},
	} {
		r := request{
			client: http.DefaultClient, distro: table["fedora"], name: "fedora", release: "43", mirrors: row.mirrors,
			keys: "../../images/fedora/keys",
		}
		from, err := r.source()
		must(t, err)
		for architecture, want := range map[string][]string{"x86_64": row.primary, "s390x": row.secondary} {
			var got []string
			for _, repository := range from.repositories(architecture) {
				got = append(got, repository.(index.Fedora).Metalink)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s, %s: %q, want %q", row.what, architecture, got, want)
			}
		}
	}
}

func metalinks(address, architecture string) []string {
	return []string{address + "?repo=fedora-43&arch=" + architecture, address + "?repo=updates-released-f43&arch=" + architecture}
}
