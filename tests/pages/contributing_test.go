package pages_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
	"github.com/iptables-wrappers/iptables-wrappers/tests/pages"
)

// TestContributing runs the commands of the first change in CONTRIBUTING.md, in a copy of the sources.
func TestContributing(t *testing.T) {
	archive := needs.Variable(t, "MODULE")
	goCommand, err := filepath.Abs(needs.Variable(t, "GO"))
	if err != nil {
		t.Fatal(err)
	}
	checkout, bin := t.TempDir(), t.TempDir()
	if output, err := exec.Command("tar", "--extract", "--file", archive, "--directory", checkout).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", archive, err, output)
	}
	if err := os.Symlink(goCommand, filepath.Join(bin, "go")); err != nil {
		t.Fatal(err)
	}
	for _, block := range pages.Blocks(t, needs.Variable(t, "PAGE")) {
		block.Try(t, func(script string) string {
			command := exec.Command("/bin/sh", "-c", "exec 2>&1; "+script)
			command.Dir = checkout
			// rules_go's go command finds its own files in the runfiles directory. The page's commands must run as if
			// there were no Bazel.
			command.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "RUNFILES_DIR="+os.Getenv("TEST_SRCDIR"),
				"GOCACHE="+filepath.Join(os.Getenv("TEST_TMPDIR"), "gocache"), "GOPATH="+filepath.Join(os.Getenv("TEST_TMPDIR"), "gopath"),
				"GOWORK=off", "GOPROXY=off", "CGO_ENABLED=0")
			output, _ := command.Output() // some commands of the page fail, as the page shows
			return strings.ReplaceAll(string(output), checkout+"/", "")
		})
	}
}
