package image

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tools/airgap/modules/rules_oci/internal/ordered"
)

func text(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "attribute.txt")
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSetEnv(t *testing.T) {
	base := ordered.New("Env", []any{"PATH=/bin", "A=a=b", "D=1", "D=2"})
	for _, c := range []struct {
		name, lines string
		want        []any
	}{
		{"no lines", "", []any{"PATH=/bin", "A=a=b", "D=1", "D=2"}},
		{"a known name keeps its place", "PATH=/usr/bin\nB=b", []any{"PATH=/usr/bin", "A=a=b", "D=1", "D=2", "B=b"}},
		{"references to the base", "PATH=$PATH:${PATH}/x", []any{"PATH=/bin:/bin/x", "A=a=b", "D=1", "D=2"}},
		{"a brace too many", "PATH=$PATH}:${PATH", []any{"PATH=/bin:/bin", "A=a=b", "D=1", "D=2"}},
		{"references to a line before", "B=1\nC=${B}2", []any{"PATH=/bin", "A=a=b", "D=1", "D=2", "B=1", "C=12"}},
		{"an equals sign in the value", "B=x=y", []any{"PATH=/bin", "A=a=b", "D=1", "D=2", "B=x=y"}},
		{"a lone dollar", "B=5$ and $", []any{"PATH=/bin", "A=a=b", "D=1", "D=2", "B=5$ and $"}},
		{"the first of a name that is there twice", "D=3", []any{"PATH=/bin", "A=a=b", "D=3", "D=2"}},
	} {
		config := ordered.New()
		err := setEnv(config, base, text(t, c.lines))
		if got, _ := config.Get("Env").([]any); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %q (%v), want %q", c.name, got, err, c.want)
		}
	}
	for _, c := range []struct{ lines, message string }{
		{"B=$NOWHERE", "$NOWHERE is set neither"},
		{"B=${D}", "${D} is set more than once"},
		{"no assignment", "is not KEY=VALUE"},
		{"B=1\n\nC=2", "is not KEY=VALUE"},
	} {
		if err := setEnv(ordered.New(), base, text(t, c.lines)); err == nil || !strings.Contains(err.Error(), c.message) {
			t.Errorf("%q: %v, want an error that says %q", c.lines, err, c.message)
		}
	}
}

func TestAttributesAreRead(t *testing.T) {
	config := ordered.New()
	for _, err := range []error{
		setList(config, "Cmd", text(t, "one\n\ntwo words\nthree%5Cnlines\n")),
		setPairs(config, "Labels", text(t, "b=3\nc=x=y\n")),
		setKeys(config, "Volumes", text(t, "/b,/a")),
		setKeys(config, "ExposedPorts", text(t, "")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	want := ordered.New(
		"Cmd", []any{"one", "two words", "three\nlines"},
		"Labels", ordered.New("b", "3", "c", "x=y"),
		"Volumes", ordered.New("/b", ordered.New(), "/a", ordered.New()),
		"ExposedPorts", ordered.New(),
	)
	if got, want := string(config.Print()), string(want.Print()); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestAttributesAreRefused(t *testing.T) {
	for name, err := range map[string]error{
		"a pair without an equals sign":     setPairs(ordered.New(), "Labels", text(t, "no pair")),
		"a list of ports with a newline":    setKeys(ordered.New(), "ExposedPorts", text(t, "443/tcp,53/udp\n")),
		"a list of ports with an empty one": setKeys(ordered.New(), "ExposedPorts", text(t, "443/tcp,,53/udp")),
		"a date with a newline":             setCreated(ordered.New(), text(t, "2026-01-02T03:04:05Z\n")),
	} {
		if err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}
