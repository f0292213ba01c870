package lint_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rhysd/actionlint"
)

// What GitHub would refuse or misread, as actionlint knows it, and expressions whose text an outsider chooses and that would
// be pasted into a script.
func TestActionlint(t *testing.T) { actionlintFinds(t, "") }

// actionlintFinds fails the test with what actionlint finds, by shellcheck over each script, too, if that is a program's name.
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
