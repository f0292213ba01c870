package main

import (
	"fmt"
	"strings"
)

// render writes the page.
func render(a api) []byte {
	var page strings.Builder
	page.WriteString("<!-- Generated from the docstrings of //:defs.bzl by ./bazelw run //docs:update: change those. -->\n\n")
	page.WriteString("# Bazel API\n\n" + a.doc + "\n")
	for _, m := range a.macros {
		fmt.Fprintf(&page, "\n## %s\n\n```starlark\nload(\"@%s//:%s\", %q)\n\n%s\n```\n\n%s\n\n", m.name, module, entry, m.name, signature(m), m.doc)
		page.WriteString("| argument | default | |\n|---|---|---|\n")
		for _, p := range m.parameters {
			fmt.Fprintf(&page, "| `%s` | %s | %s |\n", p.name, cell(defaultText(p)), cell(m.args[p.name]))
		}
	}
	return []byte(page.String())
}

func signature(m macro) string {
	var words []string
	for _, p := range m.parameters {
		if p.value != "" {
			words = append(words, p.name+" = "+p.value)
		} else {
			words = append(words, p.name)
		}
	}
	return m.name + "(" + strings.Join(words, ", ") + ")"
}

func defaultText(p parameter) string {
	switch {
	case p.value != "":
		return "`" + p.value + "`"
	case strings.HasPrefix(p.name, "*"):
		return "none"
	default:
		return "mandatory"
	}
}

// cell escapes what would end a table's cell.
func cell(text string) string {
	return strings.ReplaceAll(text, "|", `\|`)
}
