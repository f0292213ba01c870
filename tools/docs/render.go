package main

import (
	"fmt"
	"strings"
)

// render renders the page of a ModuleInfo.
func render(module message) ([]byte, error) {
	for number := range module {
		if number != moduleFunctions && number != moduleDoc && number != moduleFile {
			return nil, fmt.Errorf("field %d of ModuleInfo: //:defs.bzl exports a value that is not a function: wrap it in a function", number)
		}
	}
	var page strings.Builder
	page.WriteString("<!-- Generated from the docstrings of //:defs.bzl by ./bazelw run //docs:update: change those. -->\n\n")
	page.WriteString("# Bazel API\n\n" + strings.TrimSpace(module.text(moduleDoc)) + "\n")
	functions, err := module.messages(moduleFunctions)
	if err != nil {
		return nil, err
	}
	for _, function := range functions {
		name := function.text(functionName)
		parameters, err := function.messages(functionParameters)
		if err != nil {
			return nil, err
		}
		var words, rows []string
		for _, p := range parameters {
			word, row, err := argument(p)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			words, rows = append(words, word), append(rows, row)
		}
		fmt.Fprintf(&page, "\n## %s\n\n```starlark\nload(\"@iptables_wrappers//:defs.bzl\", %q)\n\n%s(%s)\n```\n\n", name, name, name, strings.Join(words, ", "))
		page.WriteString(strings.TrimSpace(function.text(functionDoc)) + "\n\n| argument | default | |\n|---|---|---|\n" + strings.Join(rows, ""))
	}
	return []byte(page.String()), nil
}

// argument returns a parameter in the syntax of the function's signature, and its row in the table.
func argument(p message) (word, row string, err error) {
	name, doc, value := p.text(parameterName), p.text(parameterDoc), p.text(parameterDefault)
	if doc == "" {
		return "", "", fmt.Errorf("%s is not under Args: in the docstring", name)
	}
	word = name
	switch {
	case value != "":
		word, value = name+" = "+value, "`"+value+"`"
	case len(p[parameterMandatory]) > 0:
		value = "mandatory"
	default: // Bazel 7 omits the stars; no function here has *args
		name, value = "**"+name, "none"
		word = name
	}
	return word, fmt.Sprintf("| `%s` | %s | %s |\n", name, cell(value), cell(doc)), nil
}

// cell joins a text to one line, and escapes the characters that end a table cell.
func cell(text string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "|", `\|`)
}
