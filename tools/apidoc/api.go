package main

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"go.starlark.net/syntax"
)

// module is the name under which other modules load the files.
const module = "iptables_wrappers"

// entry is the one file that other modules load.
const entry = "defs.bzl"

// An api is what defs.bzl offers.
type api struct {
	doc    string // the file's own docstring
	macros []macro
}

// A macro is one function that defs.bzl exports.
type macro struct {
	name       string
	parameters []parameter
	doc        string            // docstring without its Args section
	args       map[string]string // its Args section
}

// A parameter is one of a macro's arguments as the source spells it.
type parameter struct {
	name  string // with its stars
	value string // default, as source text; empty: mandatory, or starred
}

// A source is one parsed file.
type source struct {
	path  string
	lines []string
	file  *syntax.File
}

func parse(path string) (source, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return source{}, err
	}
	file, err := (&syntax.FileOptions{}).Parse(path, text, 0)
	if err != nil {
		return source{}, err
	}
	return source{path: path, lines: strings.Split(string(text), "\n"), file: file}, nil
}

// readAPI follows every public name of defs.bzl (name = _name) through its load statement to the function it is.
func readAPI(root string) (api, error) {
	defs, err := parse(filepath.Join(root, entry))
	if err != nil {
		return api{}, err
	}
	origin := map[string]string{} // local name to file
	original := map[string]string{}
	result := api{doc: clean(docstring(defs.file.Stmts))}
	for _, statement := range defs.file.Stmts {
		switch statement := statement.(type) {
		case *syntax.LoadStmt:
			label := statement.ModuleName()
			for i, local := range statement.To {
				origin[local.Name], original[local.Name] = label, statement.From[i].Name
			}
		case *syntax.DefStmt:
			return api{}, fmt.Errorf("%s: a function of its own: %s only re-exports", statement.Def, entry)
		case *syntax.AssignStmt:
			public, ok := statement.LHS.(*syntax.Ident)
			private, isName := statement.RHS.(*syntax.Ident)
			if !ok || !isName || origin[private.Name] == "" {
				return api{}, fmt.Errorf("%s: not a re-export of a loaded name: %s only says name = _name", statement.OpPos, entry)
			}
			found, err := findMacro(root, origin[private.Name], original[private.Name])
			if err != nil {
				return api{}, fmt.Errorf("%s: %w", public.Name, err)
			}
			found.name = public.Name
			result.macros = append(result.macros, found)
		}
	}
	return result, nil
}

// findMacro reads the function called name in the file that label, //package:file, stands for.
func findMacro(root, label, name string) (macro, error) {
	pkg, base, ok := strings.Cut(strings.TrimPrefix(label, "//"), ":")
	if !ok || !strings.HasPrefix(label, "//") {
		return macro{}, fmt.Errorf("loaded from %s: must be a file of this module, //package:file", label)
	}
	file, err := parse(filepath.Join(root, filepath.FromSlash(path.Join(pkg, base))))
	if err != nil {
		return macro{}, err
	}
	for _, statement := range file.file.Stmts {
		if def, ok := statement.(*syntax.DefStmt); ok && def.Name.Name == name {
			return describe(file, def)
		}
	}
	return macro{}, fmt.Errorf("%s has no function %s: wrap a rule in one, so that it has parameters and a docstring", label, name)
}

// describe reads a function's parameters and docstring, and insists that they name the same arguments.
func describe(file source, def *syntax.DefStmt) (macro, error) {
	result := macro{}
	result.doc, result.args = splitArgs(clean(docstring(def.Body)))
	for _, expression := range def.Params {
		p := parameter{name: file.text(expression)}
		if name, value, ok := strings.Cut(p.name, "="); ok {
			p = parameter{name: strings.TrimSpace(name), value: strings.TrimSpace(value)}
		}
		if result.args[p.name] == "" {
			return macro{}, fmt.Errorf("%s: %s is not under Args: in the docstring", def.Def, p.name)
		}
		result.parameters = append(result.parameters, p)
	}
	if len(result.args) != len(result.parameters) {
		return macro{}, fmt.Errorf("%s: the docstring's Args: names arguments that are not there", def.Def)
	}
	return result, nil
}

// text is the source of an expression that stands on one line.
func (s source) text(expression syntax.Expr) string {
	start, end := expression.Span()
	return s.lines[start.Line-1][start.Col-1 : end.Col-1]
}
