package main

import (
	"strings"
	"testing"
)

// TestFaults tests part of the command's matrix: every layout, operation and fault, at every eleventh system call.
func TestFaults(t *testing.T) {
	rows, err := disturb(t.TempDir(), image(t, files(t)), files(t), plan{stride: 11, wanted: func(layout, string, fault) bool { return true }})
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	bad := report(&table, rows)
	t.Logf("\n%s", table.String())
	if len(rows) != len(layouts())*len(operations)*len(faults) {
		t.Errorf("%d rows", len(rows))
	}
	for _, r := range rows {
		if r.injected == 0 {
			t.Errorf("%s, %s, %s befell no call", r.layout, r.operation, r.fault)
		}
	}
	if bad > 0 {
		t.Errorf("%d runs with a fault had a wrong result", bad)
	}
}
