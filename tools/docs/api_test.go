package main

import (
	"os"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
)

func TestPageIsUpToDate(t *testing.T) {
	want, err := generate(needs.Variable(t, "EXTRACT"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("docs/api.md differs from the docstrings of //:defs.bzl; run: ./bazelw run //docs:update\n--- should be ---\n%s", want)
	}
}

// field encodes a string or a message with its field number, as Bazel does.
func field(number protowire.Number, value ...string) string {
	return string(protowire.AppendString(protowire.AppendTag(nil, number, protowire.BytesType), strings.Join(value, "")))
}

func flag(number protowire.Number) string {
	return string(protowire.AppendVarint(protowire.AppendTag(nil, number, protowire.VarintType), 1))
}

func grow(parameters ...string) string {
	return field(moduleFunctions, append([]string{field(functionName, "grow"), field(functionDoc, "Makes it larger.\n")}, parameters...)...)
}

func TestRender(t *testing.T) {
	module, err := decode([]byte(grow(
		field(functionParameters, field(parameterName, "name"), field(parameterDoc, "Name of the target."), flag(parameterMandatory)),
		field(functionParameters, field(parameterName, "by"), field(parameterDoc, "In metres: one\nor: the other, `a | b`."), field(parameterDefault, `"2 | 3"`)),
		field(functionParameters, field(parameterName, "kwargs"), field(parameterDoc, "Passed on.")),
	) + field(moduleDoc, "One line.") + field(moduleFile, "//:defs.bzl")))
	if err != nil {
		t.Fatal(err)
	}
	page, err := render(module)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Split(string(page), "\n")
	for _, want := range []string{
		"One line.",
		"## grow",
		`load("@iptables_wrappers//:defs.bzl", "grow")`,
		`grow(name, by = "2 | 3", **kwargs)`,
		"Makes it larger.",
		"| `name` | mandatory | Name of the target. |",
		"| `by` | `\"2 \\| 3\"` | In metres: one or: the other, `a \\| b`. |",
		"| `**kwargs` | none | Passed on. |",
	} {
		if !slices.Contains(got, want) {
			t.Errorf("no line %s in:\n%s", want, page)
		}
	}
}

// buildifier refuses entries under Args: that are not arguments (tools/lint).
func TestRefusals(t *testing.T) {
	for _, test := range []struct{ name, data, want string }{
		{"argument not documented", grow(field(functionParameters, field(parameterName, "by"))), "grow: by is not under Args:"},
		{"a rule", field(1, field(1, "grow")), "not a function"},
		{"cut short", strings.TrimSuffix(grow(), "\n"), "unexpected EOF"},
		{"a function cut short", field(moduleFunctions, "\x0a\x09g"), "unexpected EOF"},
	} {
		t.Run(test.name, func(t *testing.T) {
			module, err := decode([]byte(test.data))
			if err == nil {
				_, err = render(module)
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}
