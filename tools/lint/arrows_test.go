package lint_test

import (
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const modulePath = "github.com/iptables-wrappers/iptables-wrappers/"

var (
	drawnNode  = regexp.MustCompile(`(?m)^\s*"([^"]+)" \[label=`)
	drawnArrow = regexp.MustCompile(`(?m)^\s*"([^"]+)" -> "([^"]+)"$`)
)

// docs/repo.dot must contain the imports between directories, and no others. Each arrow leads to a directory that is
// drawn further down, so none leads up. Tests may import any package.
func TestArrows(t *testing.T) {
	root := checkout(t)
	text, err := os.ReadFile(filepath.Join(root, "docs/repo.dot"))
	if err != nil {
		t.Fatal(err)
	}
	floor, drawn := map[string]int{}, map[string]bool{}
	for i, match := range drawnNode.FindAllStringSubmatch(string(text), -1) {
		floor[match[1]] = i
	}
	for _, match := range drawnArrow.FindAllStringSubmatch(string(text), -1) {
		from, to := match[1], match[2]
		drawn[from+" -> "+to] = true
		if floor[from] >= floor[to] {
			t.Errorf("docs/repo.dot: the arrow %s -> %s runs back up: %[2]s comes before", from, to)
		}
	}
	imported := map[string]bool{}
	eachFile(t, root, ".go", func(path string, source []byte) {
		path, err := filepath.Rel(root, path)
		if err != nil || strings.HasSuffix(path, "_test.go") || strings.HasPrefix(path, "tools/airgap/modules/") {
			return
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, source, parser.ImportsOnly)
		if err != nil {
			t.Error(err)
			return
		}
		for _, spec := range file.Imports {
			to, ours := strings.CutPrefix(strings.Trim(spec.Path.Value, `"`), modulePath)
			if from, to := node(filepath.Dir(path)), node(to); ours && from != to {
				imported[from+" -> "+to] = true
			}
		}
	})
	for _, arrow := range slices.Sorted(maps.Keys(imported)) {
		if !drawn[arrow] {
			t.Errorf("docs/repo.dot lacks the arrow %s, which an import makes: draw it, or do without the import", arrow)
		}
	}
	for _, arrow := range slices.Sorted(maps.Keys(drawn)) {
		if !imported[arrow] {
			t.Errorf("docs/repo.dot has the arrow %s, which no import makes", arrow)
		}
	}
}

// node returns the node of the picture to which a directory belongs.
func node(dir string) string {
	words := strings.Split(dir, "/")
	if words[0] == "tools" || words[0] == "tests" {
		return strings.Join(words[:min(2, len(words))], "/")
	}
	return words[0]
}
