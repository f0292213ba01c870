package report

import (
	"bytes"
	"strings"
	"testing"
)

func TestNothingPassed(t *testing.T) {
	var out bytes.Buffer
	printer := NewPrinter(&out)
	printer.Banner("empty.yaml")
	if printer.Finish() || !strings.Contains(out.String(), "No tests run") {
		t.Errorf("no test at all passed:\n%s", &out)
	}
	printer.Add(Result{Name: "good"})
	if !printer.Finish() {
		t.Errorf("one good test failed:\n%s", &out)
	}
	bad := Result{Name: "bad"}
	bad.Errorf("reason")
	printer.Add(bad)
	if printer.Finish() {
		t.Errorf("one bad test passed:\n%s", &out)
	}
}
