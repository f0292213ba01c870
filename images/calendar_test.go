package images_test

import (
	"testing"
	"time"

	"github.com/iptables-wrappers/iptables-wrappers/images"
)

// TestCalendar holds the table to the calendar. It is a target of its own: what passed yesterday may fail today, and nobody's build of
// an old commit should.
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
