package lint_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Only tests/needs may skip a Go test, and it fails instead under Bazel. The BUILD file of the test must list what the
// test needs of the machine, because Bazel decides from it whether to run the test.
func TestSkips(t *testing.T) {
	root := checkout(t)
	skipping := filepath.Join(root, "tests/needs/needs.go")
	asked := 0
	eachFile(t, root, ".go", func(path string, source []byte) {
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, source, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(node ast.Node) bool {
			call, _ := node.(*ast.CallExpr)
			if call == nil {
				return true
			}
			function, _ := call.Fun.(*ast.SelectorExpr)
			if function == nil {
				return true
			}
			switch function.Sel.Name {
			case "Skip", "Skipf", "SkipNow":
				if path != skipping {
					t.Errorf("%s: a test skips itself, which Bazel takes for a pass: name what it needs with tests/needs", files.Position(call.Pos()))
				}
			case "Machine":
				if of, _ := function.X.(*ast.Ident); of != nil && of.Name == "needs" {
					asked += len(declared(t, files, call))
				}
			}
			return true
		})
	})
	if asked == 0 {
		t.Errorf("%s: no test found that needs anything", root)
	}
}

// declared returns the names in a call of needs.Machine. A target in the same directory must have each of them.
func declared(t *testing.T, files *token.FileSet, call *ast.CallExpr) (names []string) {
	t.Helper()
	position := files.Position(call.Pos())
	build, err := os.ReadFile(filepath.Join(filepath.Dir(position.Filename), "BUILD.bazel"))
	if err != nil {
		t.Fatal(err)
	}
	for _, argument := range call.Args {
		literal, _ := argument.(*ast.BasicLit)
		if literal == nil {
			continue
		}
		name, err := strconv.Unquote(literal.Value)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
		if label := `"@machine//:` + name + `"`; !strings.Contains(string(build), label) {
			t.Errorf("%s: needs %s, and no target of the directory has %s in target_compatible_with", position, name, label)
		}
	}
	return names
}

// Bazel takes an early exit of a shell test for a pass, so such tests must not skip.
func TestSkipsInShell(t *testing.T) {
	says := regexp.MustCompile(`(?i)\bskip|\bexit 0\b`)
	eachFile(t, checkout(t), "_test.sh", func(path string, source []byte) {
		for number, line := range strings.Split(string(source), "\n") {
			if says.MatchString(line) {
				t.Errorf("%s:%d: %s: a test that skips itself is a pass to Bazel: name what it needs in target_compatible_with (tests/needs/machine.bzl)",
					path, number+1, strings.TrimSpace(line))
			}
		}
	})
}
