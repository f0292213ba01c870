package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/index"
)

// apkVersionRecord contains pairs of versions with the output of `apk version --test`, and the versions that `apk version
// --check` refused.
const apkVersionRecord = "testdata/apk-versions-3.0.6.txt"

// apkVersionPairs returns pairs that differ in few parts, and invalid versions.
func apkVersionPairs() (pairs [][2]string, invalid []string) {
	random := rand.New(rand.NewPCG(1, 1))
	some := func(parts ...string) string { return parts[random.IntN(len(parts))] }
	version := func() string {
		return some("0", "1", "9", "10", "01") + some("", ".0", ".1", ".01", ".10", ".1.2", ".001", ".20260801123456789") + some("", "", "", "a", "b", "z") +
			some("", "", "", "_alpha", "_beta", "_beta2", "_pre", "_rc1", "_rc10", "_cvs", "_svn3", "_git20260801", "_hg", "_p", "_p1", "_p01") +
			some("", "", "", "", "_alpha1", "_p2") + some("", "", "", "~0a", "~f", "~1") + some("", "-r0", "-r1", "-r10")
	}
	for range 200 {
		a, b := version(), version()
		if random.IntN(2) == 0 { // the same except for its end
			b = a[:1+random.IntN(len(a))] + some("", "1", "0", "_p1", "_rc", ".1", "-r1", "~a", "b")
		}
		if index.ValidAlpine(b) {
			pairs = append(pairs, [2]string{a, b})
		} else {
			invalid = append(invalid, b)
		}
	}
	return pairs, append(invalid, "", "a", "1.", "1..2", ".1", "1.0bc", "1a1", "1_foo", "1_", "1_alphaX", "1-r", "1-1", "1-r1-r2", "1~", "1~g", "1~A", "1-r1~a", "1 ", "1\n", "-r1")
}

// TestRecordedVersions compares the order of versions with the record of apk's.
func TestRecordedVersions(t *testing.T) {
	text, err := os.ReadFile(apkVersionRecord)
	must(t, err)
	if got := apkVersionLines(t, func(a, b string) string {
		order, err := index.CompareAlpine(a, b)
		must(t, err)
		if back, err := index.CompareAlpine(b, a); err != nil || back != -order {
			t.Errorf("%s and %s: %d, and the other way %d, error %v", a, b, order, back, err)
		}
		return string("<=>"[order+1])
	}, index.ValidAlpine); got != string(text) {
		t.Errorf("not as %s has it:\n%s", apkVersionRecord, differentLines(got, string(text)))
	}
}

// apkVersionLines returns the lines of the record that compare and valid lead to.
func apkVersionLines(t *testing.T, compare func(a, b string) string, valid func(version string) bool) string {
	t.Helper()
	var lines strings.Builder
	pairs, invalid := apkVersionPairs()
	for _, pair := range pairs {
		fmt.Fprintln(&lines, pair[0], compare(pair[0], pair[1]), pair[1])
	}
	for _, version := range invalid {
		fmt.Fprintf(&lines, "%q %v\n", version, valid(version))
	}
	return lines.String()
}

func differentLines(a, b string) string {
	var out strings.Builder
	first, second := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(first), len(second)) {
		if first[i] != second[i] {
			fmt.Fprintf(&out, "%s, not %s\n", first[i], second[i])
		}
	}
	return out.String()
}
