package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPageIsUpToDate(t *testing.T) {
	want, err := generate("../..")
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("docs/api.md does not say what the docstrings of //:defs.bzl say; run: ./bazelw run //docs:update\n--- should be ---\n%s", want)
	}
}

func TestGenerate(t *testing.T) {
	got, err := generate("testdata")
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/want.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("got:\n%s\nwant testdata/want.md:\n%s", got, want)
	}
}

func TestRefusals(t *testing.T) {
	// Not in testdata: buildifier would refuse them, too.
	const wrong = `
def undocumented(name, by):
    """Forgets an argument.

    Args:
        name: Name of the target.
    """

def invented(name):
    """Describes one argument too many.

    Args:
        name: Name of the target.
        by: Nothing.
    """
`
	for _, test := range []struct{ name, defs, want string }{
		{"own code", "load('//rules:grow.bzl', 'grow')\nx = grow(1)", "not a re-export"},
		{"own function", "def f():\n  pass\n", "a function of its own"},
		{"another module", "load('@other//:x.bzl', _x = 'x')\nx = _x", "must be a file of this module"},
		{"no such function", "load('//rules:grow.bzl', _x = 'constant')\nx = _x", "has no function constant"},
		{"argument not documented", "load('//rules:wrong.bzl', _x = 'undocumented')\nx = _x", "by is not under Args:"},
		{"documented argument not there", "load('//rules:wrong.bzl', _x = 'invented')\nx = _x", "arguments that are not there"},
		{"no such file", "load('//rules:none.bzl', _x = 'x')\nx = _x", "none.bzl"},
	} {
		t.Run(test.name, func(t *testing.T) {
			root := t.TempDir()
			if err := os.CopyFS(filepath.Join(root, "rules"), os.DirFS("testdata/rules")); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(root, "rules/wrong.bzl"), []byte(wrong), 0o644); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(root, "defs.bzl"), []byte(test.defs), 0o644); err != nil {
				t.Fatal(err)
			}
			if _, err := generate(root); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}
