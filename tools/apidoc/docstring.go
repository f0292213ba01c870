package main

import (
	"regexp"
	"strings"

	"go.starlark.net/syntax"
)

// docstring is the string that a file or a function begins with.
func docstring(statements []syntax.Stmt) string {
	if len(statements) == 0 {
		return ""
	}
	expression, ok := statements[0].(*syntax.ExprStmt)
	if !ok {
		return ""
	}
	literal, ok := expression.X.(*syntax.Literal)
	if !ok {
		return ""
	}
	text, _ := literal.Value.(string)
	return text
}

// clean removes the indentation that all lines but the first share, and blank lines at both ends.
func clean(text string) string {
	lines := strings.Split(text, "\n")
	margin := -1
	for _, line := range lines[1:] {
		if width := indentation(line); strings.TrimSpace(line) != "" && (margin < 0 || width < margin) {
			margin = width
		}
	}
	for i, line := range lines {
		if i > 0 && len(line) >= margin && margin > 0 {
			line = line[margin:]
		}
		lines[i] = strings.TrimRight(line, " ")
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n")
}

func indentation(line string) int {
	return len(line) - len(strings.TrimLeft(line, " "))
}

// splitArgs takes the section "Args:", which comes last, off a docstring. The section's form is the one that Stardoc
// reads too: "name: text", indented, and what is indented further goes on with the text.
func splitArgs(doc string) (rest string, args map[string]string) {
	rest, section, _ := strings.Cut(doc, "\nArgs:\n")
	argument := regexp.MustCompile(`^(\*{0,2}[a-z_]+): (.*)$`)
	margin := indentation(section)
	args = map[string]string{}
	name := ""
	for line := range strings.Lines(section) {
		text := strings.TrimSpace(line)
		found := argument.FindStringSubmatch(text)
		switch {
		case found != nil && indentation(line) == margin:
			name = found[1]
			args[name] = found[2]
		case text != "" && name != "":
			args[name] += " " + text
		}
	}
	return strings.TrimSpace(rest), args
}
