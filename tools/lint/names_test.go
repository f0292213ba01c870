package lint_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"testing"
)

// unclearName matches a word of TestWords as a whole name, or as one word of a name in mixed caps.
var unclearName = regexp.MustCompile(`^(held|given|told|settled|folders?|stranger|nobody|somebody|kin)($|[A-Z0-9])|` +
	`(Held|Given|Told|Settled|Folders?|ByHand|Strangers?|Nobody|Nobodys|Somebody)($|[A-Z0-9])`)

// TestNames reports declared names in Go code that contain an unclear word. Readers see names without a sentence around
// them, so the words of TestWords are even less clear in a name.
func TestNames(t *testing.T) {
	root := checkout(t)
	files := token.NewFileSet()
	eachFile(t, root, ".go", func(path string, source []byte) {
		file, err := parser.ParseFile(files, path, source, parser.SkipObjectResolution)
		if err != nil {
			t.Error(err)
			return
		}
		reported := map[string]bool{}
		ast.Inspect(file, func(n ast.Node) bool {
			if name, isName := n.(*ast.Ident); isName && unclearName.MatchString(name.Name) && !reported[name.Name] {
				reported[name.Name] = true
				t.Errorf("%s: name %s: use a usual word (see unclear in prose_test.go)", files.Position(name.Pos()), name.Name)
			}
			return true
		})
	})
}
