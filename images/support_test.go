package images_test

import (
	"strings"
	"testing"
	"time"

	"github.com/iptables-wrappers/iptables-wrappers/images"
)

// support says what a release's entry has wrong on a day.
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
