package lint_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
)

// subjectsSince is the time from which the subjects of commits have at most 72 columns.
const subjectsSince = "2026-11-29T09:54:50Z"

// git log and forges cut longer subjects. A shallow clone and a source archive do not contain the commits.
func TestSubjects(t *testing.T) {
	needs.Machine(t, "git_history")
	log := exec.Command("git", "-c", "safe.directory=*", "-C", checkout(t), "log", "--no-merges", "--since="+subjectsSince, "--format=%h %s")
	subjects, err := log.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", log, err, subjects)
	}
	seen := 0
	for line := range strings.Lines(string(subjects)) {
		seen++
		if hash, subject, _ := strings.Cut(strings.TrimSpace(line), " "); len([]rune(subject)) > 72 {
			t.Errorf("commit %s: subject of %d columns, 72 allowed: %s", hash, len([]rune(subject)), subject)
		}
	}
	if seen == 0 {
		t.Errorf("no commit since %s: no subject was checked", subjectsSince)
	}
}
