package images_test

import (
	"testing"
	"time"

	"github.com/iptables-wrappers/iptables-wrappers/images"
)

// TestCalendar compares the dates in images/distros.bzl with today's date. It can start to fail without a change in the
// repository. Therefore it is a separate target: it must not break the build of an old commit.
func TestCalendar(t *testing.T) {
	table, err := images.Read("distros.generated.json")
	if err != nil {
		t.Fatal(err)
	}
	for name, distro := range table {
		if problem := due(distro, time.Now()); problem != "" {
			t.Errorf("images/distros.bzl: %s: %s; then: ./bazelw run //images:update", name, problem)
		}
		for release, facts := range distro.Releases {
			if problem := support(facts, time.Now()); problem != "" {
				t.Errorf("images/distros.bzl: %s %s: %s; then: ./bazelw run //images:update", name, release, problem)
			}
		}
	}
}
