package lint_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rhysd/actionlint"
)

// actionlint reports what GitHub would refuse or misread, and expressions with text of outsiders that would become part
// of a script.
func TestActionlint(t *testing.T) { actionlintFinds(t, "") }

// actionlintFinds fails the test if actionlint finds a problem. If shellcheck is the name of a program, actionlint also
// runs it on each script.
func actionlintFinds(t *testing.T, shellcheck string) {
	t.Helper()
	var report strings.Builder
	linter, err := actionlint.NewLinter(&report, &actionlint.LinterOptions{Shellcheck: shellcheck})
	if err != nil {
		t.Fatal(err)
	}
	for name := range read(t) {
		file := filepath.Join(root, ".github/workflows", name)
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		problems, err := linter.Lint(file, text, nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(problems) > 0 {
			t.Errorf("%s", &report)
			report.Reset()
		}
	}
}
