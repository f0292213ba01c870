package images_test

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"testing"

	starlark "github.com/bazelbuild/buildtools/build"
)

// docs/images.md lists each target that images/private/images.bzl makes public, and no other.
func TestTargetsAreListed(t *testing.T) {
	text, err := os.ReadFile("private/images.bzl")
	if err != nil {
		t.Fatal(err)
	}
	file, err := starlark.ParseBzl("images.bzl", text)
	if err != nil {
		t.Fatal(err)
	}
	declared := map[string]bool{}
	starlark.Walk(file, func(e starlark.Expr, stack []starlark.Expr) {
		call, is := e.(*starlark.CallExpr)
		if !is || !public(call) {
			return
		}
		name, _ := argument(call, "name").(*starlark.CallExpr)
		if name == nil {
			t.Errorf("line %d: the name of a public target is no call", call.ListStart.Line)
			return
		}
		switch part := argument(name, "part").(type) {
		case nil: // name(), or name("part"): of one architecture
			declared["RELEASE_ARCH"+suffix(name.List)] = true
		case *starlark.StringExpr:
			declared["RELEASE_"+part.Value] = true
		default: // part = part: in a loop over parts
			for _, part := range loop(stack) {
				declared["RELEASE"+suffix([]starlark.Expr{part})] = true
			}
		}
	})

	page, err := os.ReadFile("../docs/images.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| `(RELEASE\\w*)` \\| .*(?:image|layer|base|program)").FindAllSubmatch(page, -1) {
		listed[string(row[1])] = true
	}
	if len(declared) < 5 || !maps.Equal(declared, listed) {
		t.Errorf("images/private/images.bzl makes these targets public:\n%v\ndocs/images.md lists:\n%v",
			slices.Sorted(maps.Keys(declared)), slices.Sorted(maps.Keys(listed)))
	}
}

// argument returns a keyword argument, nil if the call has none of that name.
func argument(call *starlark.CallExpr, name string) starlark.Expr {
	for _, e := range call.List {
		if assign, is := e.(*starlark.AssignExpr); is {
			if ident, is := assign.LHS.(*starlark.Ident); is && ident.Name == name {
				return assign.RHS
			}
		}
	}
	return nil
}

func public(call *starlark.CallExpr) bool {
	list, _ := argument(call, "visibility").(*starlark.ListExpr)
	return list != nil && slices.ContainsFunc(list.List, func(e starlark.Expr) bool {
		label, _ := e.(*starlark.StringExpr)
		return label != nil && label.Value == "//visibility:public"
	})
}

// suffix returns _PART for the positional argument "part", and nothing for none or None.
func suffix(arguments []starlark.Expr) string {
	if len(arguments) > 0 {
		if part, is := arguments[0].(*starlark.StringExpr); is {
			return "_" + part.Value
		}
	}
	return ""
}

// loop returns the elements of the innermost list that a statement loops over.
func loop(stack []starlark.Expr) []starlark.Expr {
	for _, e := range stack {
		if statement, is := e.(*starlark.ForStmt); is {
			if list, is := statement.X.(*starlark.ListExpr); is {
				return list.List
			}
		}
	}
	return nil
}
