package image

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func text(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "attribute.txt")
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestReadEnv(t *testing.T) {
	base := []string{"PATH=/bin", "A=a=b"}
	for _, c := range []struct {
		name, lines string
		want        []string
	}{
		{"no lines", "", []string{"PATH=/bin", "A=a=b"}},
		{"a known key keeps its place", "PATH=/usr/bin\nB=b", []string{"PATH=/usr/bin", "A=a=b", "B=b"}},
		{"references to the base", "PATH=$PATH:${PATH}/x", []string{"PATH=/bin:/bin/x", "A=a=b"}},
		{"references to a line before", "B=1\nC=${B}2", []string{"PATH=/bin", "A=a=b", "B=1", "C=12"}},
		{"an equals sign in the value", "B=x=y", []string{"PATH=/bin", "A=a=b", "B=x=y"}},
		{"a lone dollar", "B=5$ and $", []string{"PATH=/bin", "A=a=b", "B=5$ and $"}},
	} {
		got, err := readEnv(text(t, c.lines), base)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %q (%v), want %q", c.name, got, err, c.want)
		}
	}
	for _, c := range []struct{ lines, message string }{
		{"B=$NOWHERE", "$NOWHERE is set neither"},
		{"no assignment", "is not KEY=VALUE"},
	} {
		if _, err := readEnv(text(t, c.lines), base); err == nil || !strings.Contains(err.Error(), c.message) {
			t.Errorf("%q: %v, want an error that says %q", c.lines, err, c.message)
		}
	}
}

func TestReadList(t *testing.T) {
	got, err := readList(text(t, "one\n\ntwo words\nthree%5Cnlines\n"))
	if want := []string{"one", "two words", "three\nlines"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%q (%v), want %q", got, err, want)
	}
}

func TestMergePairs(t *testing.T) {
	pairs := map[string]string{"a": "1", "b": "2"}
	if err := MergePairs(&pairs, text(t, "b=3\nc=x=y\n")); err != nil {
		t.Fatal(err)
	}
	if want := map[string]string{"a": "1", "b": "3", "c": "x=y"}; !maps.Equal(pairs, want) {
		t.Errorf("%v, want %v", pairs, want)
	}
	if err := MergePairs(&pairs, text(t, "no pair")); err == nil {
		t.Error("a line without an equals sign was accepted")
	}
}

func TestMergeSet(t *testing.T) {
	set := map[string]struct{}{"80/tcp": {}}
	if err := mergeSet(&set, text(t, "443/tcp,53/udp\n")); err != nil {
		t.Fatal(err)
	}
	got := slices.Sorted(maps.Keys(set))
	if want := []string{"443/tcp", "53/udp", "80/tcp"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
