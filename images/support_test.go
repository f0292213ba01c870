package images_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/iptables-wrappers/iptables-wrappers/images"
)

// support returns the error in a release's end of support, as seen on the day today, or "".
func support(facts images.Release, today time.Time) string {
	if facts.End == "" && facts.Supported {
		return ""
	}
	end, err := time.Parse(time.DateOnly, facts.End)
	if err != nil {
		return "end: " + err.Error()
	}
	past := !today.Before(end.AddDate(0, 0, 1))
	switch {
	case past && facts.Supported:
		return "support ended on " + facts.End + ": mark it with supported = False, or take it out"
	case !past && !facts.Supported:
		return "is marked as out of support, and its end is " + facts.End
	}
	return ""
}

// due returns the error in a distribution's list of expected releases, as seen on the day today, or "".
func due(distro images.Distro, today time.Time) string {
	for _, release := range slices.Sorted(maps.Keys(distro.Due)) {
		day, err := time.Parse(time.DateOnly, distro.Due[release])
		_, exists := distro.Releases[release]
		switch {
		case err != nil:
			return "due: " + err.Error()
		case exists:
			return release + " is in the table: take it out of due"
		case !today.Before(day):
			return release + " was expected before " + distro.Due[release] + ": add it, or correct the day"
		}
	}
	return ""
}

func TestDueByDay(t *testing.T) {
	for _, test := range []struct{ release, due, today, want string }{
		{"1", "2026-12-31", "2026-12-30 23:59:59", ""},
		{"1", "2026-12-31", "2026-12-31 00:00:00", "1 was expected before 2026-12-31"},
		{"0", "2026-12-31", "2026-12-30 00:00:00", "0 is in the table"},
		{"1", "December", "2026-12-30 00:00:00", "due: "},
	} {
		today, err := time.Parse(time.DateTime, test.today)
		if err != nil {
			t.Fatal(err)
		}
		got := due(images.Distro{Due: map[string]string{test.release: test.due}, Releases: map[string]images.Release{"0": {}}}, today)
		if got == "" != (test.want == "") || !strings.HasPrefix(got, test.want) {
			t.Errorf("%s due on %q, on %s: %q, want %q", test.release, test.due, test.today, got, test.want)
		}
	}
}

func TestSupportByDay(t *testing.T) {
	day := func(text string) time.Time {
		at, err := time.Parse(time.DateTime, text)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	for _, test := range []struct {
		end       string
		supported bool
		today     string
		want      string
	}{
		{"2026-08-31", true, "2026-08-31 23:59:59", ""},
		{"2026-08-31", true, "2026-09-01 00:00:00", "support ended on 2026-08-31"},
		{"2026-08-31", false, "2026-09-01 00:00:00", ""},
		{"2026-08-31", false, "2026-08-31 12:00:00", "is marked as out of support"},
		{"", true, "2026-08-31 12:00:00", ""},
		{"", false, "2026-08-31 12:00:00", "end: "},
		{"August", true, "2026-08-31 12:00:00", "end: "},
	} {
		got := support(images.Release{End: test.end, Supported: test.supported}, day(test.today))
		if got == "" != (test.want == "") || !strings.HasPrefix(got, test.want) {
			t.Errorf("end %q, supported %v, on %s: %q, want %q", test.end, test.supported, test.today, got, test.want)
		}
	}
}
