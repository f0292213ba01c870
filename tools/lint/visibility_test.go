package lint_test

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/bazelbuild/buildtools/build"
)

// publicTargets lists the public targets. Only two kinds of targets must be public: those that builds of other modules
// use, and those that repositories of this build use. All other targets name the packages that use them.
//
// The target of a BUILD file is its label. In a .bzl file it is the function that declares the targets, or the constant
// that becomes the BUILD file of a generated repository.
var publicTargets = []struct {
	name   string
	number int
	reason string
}{
	{"//:defs", 1, "documentation generators of other modules read it"},
	{"//tools/lint:nogo", 1, "an alias in a repository of rules_go leads to it"},
	{"//tools/wrappercheck:wrapper_structure_test.yaml", 1, "iptables_wrapper_structure_test passes it to a rule"},
	{"//tools/wrappercheck:wrapper_structure_test_legacy.yaml", 1, "iptables_wrapper_structure_test passes it to a rule"},
	{"//tools/wrappercheck:wrapper_structure_test_nft_only.yaml", 1, "iptables_wrapper_structure_test passes it to a rule"},
	{"//tools/wrappercheck:wrapper_structure_test_shell.yaml", 1, "iptables_wrapper_structure_test passes it to a rule"},
	{`//wrapper:"wrapper_" + architecture_name(architecture)`, 1, "iptables_wrapper_layer passes it to a rule"},
	{"//wrapper/detect:detect", 1, "Go programs of other modules import it"},
	{"//wrapper/mode:mode", 1, "Go programs of other modules import it"},
	{"//wrapper/probe:probe", 1, "Go programs of other modules import it"},

	// //images:images_test compares the names of these targets with docs/images.md.
	{"images/private/images.bzl _images", 6, "other modules use images as bases"},
	{"images/private/images.bzl distro_images", 2, "other modules use images as bases"},

	{"images/extensions.bzl _ALIAS", 1, "a generated repository: images use it"},
	{"tests/downstream/module.bzl _BUILD", 1, "a generated repository: a test uses it"},
	{"tests/kernels/extensions.bzl _ALIAS", 1, "a generated repository: tests use it"},
	{"tests/needs/machine.bzl _FACT", 1, "a generated repository: tests use it"},
	{"tools/lock/packages.bzl _FILES", 1, "a generated repository: images use it"},
	{"tools/lock/packages.bzl _NEVER", 1, "a generated repository: images use it"},
	{"tools/lock/packages.bzl _MISSING_TARGET", 1, "a generated repository: images use it"},
}

// TestPublicTargets checks that publicTargets is complete, and that each of its targets exists.
func TestPublicTargets(t *testing.T) {
	root := checkout(t)
	found := map[string]int{}
	for _, suffix := range []string{".bazel", ".bzl"} {
		eachFile(t, root, suffix, func(file string, source []byte) {
			file, err := filepath.Rel(root, file)
			if err != nil {
				t.Fatal(err)
			}
			if inOtherModule(root, file) {
				return
			}
			for _, name := range public(t, file, source) {
				found[name]++
			}
		})
	}
	for _, target := range publicTargets {
		if found[target.name] != target.number {
			t.Errorf("%s: %d public targets, but publicTargets contains %d", target.name, found[target.name], target.number)
		}
		delete(found, target.name)
	}
	for name := range found {
		t.Errorf(`%s is public: set visibility = ["//:__subpackages__"] or narrower, or add it to publicTargets with the reason`, name)
	}
}

// TestPrivateFiles checks that no file disables the warning for loads from a private directory of another package. The
// loaded file belongs into a directory that is not private.
func TestPrivateFiles(t *testing.T) {
	for _, suffix := range []string{".bazel", ".bzl"} {
		eachFile(t, checkout(t), suffix, func(file string, source []byte) {
			if strings.Contains(string(source), "disable=bzl-visibility") {
				t.Errorf("%s: disables bzl-visibility: move the file that it loads out of the private directory", file)
			}
		})
	}
}

// inOtherModule reports whether a directory between root and the file contains a MODULE.bazel.
func inOtherModule(root, file string) bool {
	for directory := path.Dir(file); directory != "."; directory = path.Dir(directory) {
		if _, err := os.Stat(filepath.Join(root, directory, "MODULE.bazel")); err == nil {
			return true
		}
	}
	return false
}

var publicLabel = regexp.MustCompile(`//visibility:(legacy_)?public`)

// public returns the names of a file's public targets, as publicTargets contains them.
func public(t *testing.T, file string, source []byte) []string {
	t.Helper()
	parse := build.ParseBuild
	if strings.HasSuffix(file, ".bzl") {
		parse = build.ParseBzl
	}
	tree, err := parse(file, source)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, statement := range tree.Stmt {
		prefix := file + " " + symbol(statement)
		build.Walk(statement, func(e build.Expr, stack []build.Expr) {
			switch e := e.(type) {
			case *build.StringExpr:
				for range publicLabel.FindAllString(e.Value, -1) {
					names = append(names, targets(prefix, append(stack, e))...)
				}
			case *build.CallExpr:
				// Bazel exports files to all packages if the call has no visibility.
				if exports(e) && argument(e, "visibility") == nil {
					names = append(names, targets(prefix, append(stack, e))...)
				}
			}
		})
	}
	return names
}

// targets returns the names of the targets that the innermost call of a stack declares. It returns the prefix in .bzl
// files, and outside of calls that declare targets.
func targets(prefix string, stack []build.Expr) []string {
	directory, base := path.Split(strings.Fields(prefix)[0])
	label := "//" + strings.TrimSuffix(directory, "/") + ":"
	for i := len(stack) - 1; i >= 0 && !strings.HasSuffix(base, ".bzl"); i-- {
		call, is := stack[i].(*build.CallExpr)
		if !is {
			continue
		}
		if name := argument(call, "name"); name != nil {
			return []string{label + text(name)}
		}
		if files, is := call.List[0].(*build.ListExpr); is && exports(call) {
			var names []string
			for _, file := range files.List {
				names = append(names, label+text(file))
			}
			return names
		}
	}
	return []string{prefix}
}

// symbol returns the name of the function or constant that a statement defines.
func symbol(statement build.Expr) string {
	switch statement := statement.(type) {
	case *build.DefStmt:
		return statement.Name
	case *build.AssignExpr:
		return text(statement.LHS)
	case *build.CallExpr:
		return text(statement.X)
	}
	return fmt.Sprintf("%T", statement)
}

func exports(call *build.CallExpr) bool {
	name := text(call.X)
	return name == "exports_files" || name == "native.exports_files"
}

// argument returns a keyword argument, nil if the call has none of that name.
func argument(call *build.CallExpr, name string) build.Expr {
	for _, e := range call.List {
		if assign, is := e.(*build.AssignExpr); is && text(assign.LHS) == name {
			return assign.RHS
		}
	}
	return nil
}

// text returns the value of a string literal, and the source of all other expressions.
func text(e build.Expr) string {
	if literal, is := e.(*build.StringExpr); is {
		return literal.Value
	}
	return build.FormatString(e)
}

// TestPublicFinds checks that public finds each form of a public target, and no other target.
func TestPublicFinds(t *testing.T) {
	for _, c := range []struct{ file, source, want string }{
		{"a/BUILD.bazel", `x(name = "b", visibility = ["//visibility:public"])`, "//a:b"},
		{"a/BUILD.bazel", `[x(name = "b" + c, visibility = ["//visibility:public"]) for c in d]`, `//a:"b" + c`},
		{"BUILD.bazel", `x(name = "b", visibility = select({"c": ["//visibility:legacy_public"]}))`, "//:b"},
		{"a/BUILD.bazel", `exports_files(["b", "c"])`, "//a:b //a:c"},
		{"a/BUILD.bazel", `exports_files(["b", "c"], visibility = ["//visibility:public"])`, "//a:b //a:c"},
		{"a/BUILD.bazel", `package(default_visibility = ["//visibility:public"])`, "a/BUILD.bazel package"},
		{"a/BUILD.bazel", `PUBLIC = ["//visibility:public"]`, "a/BUILD.bazel PUBLIC"},
		{"REPO.bazel", `repo(default_visibility = ["//visibility:public"])`, "REPO.bazel repo"},
		{"a/b.bzl", "def c():\n    x(name = \"d\", visibility = [\"//visibility:public\"])", "a/b.bzl c"},
		{"a/b.bzl", "def c():\n    native.exports_files([\"d\"])", "a/b.bzl c"},
		{"a/b.bzl", "_C = \"\"\"x(visibility = ['//visibility:public'])\ny(visibility = ['//visibility:public'])\"\"\"", "a/b.bzl _C a/b.bzl _C"},
		{"a/BUILD.bazel", `x(name = "b"); x(name = "c", visibility = ["//visibility:private"])`, ""},
		{"a/BUILD.bazel", `exports_files(["b"], visibility = ["//:__subpackages__"])`, ""},
		{"a/b.bzl", "def c():\n    \"\"\"Docs.\"\"\"\n    native.exports_files([\"d\"], visibility = [\"//e:__pkg__\"])", ""},
	} {
		if got := strings.Join(public(t, c.file, []byte(c.source)), " "); got != c.want {
			t.Errorf("%s: %s: %q, want %q", c.file, c.source, got, c.want)
		}
	}
}
