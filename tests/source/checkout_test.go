package source

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
)

const (
	goVariable  = "SOURCE_GO"    // the go command; without Bazel that of PATH
	sysVariable = "SOURCE_X_SYS" // a directory with src/golang.org/x/sys, which Bazel has instead of a module cache
)

// repository returns a git repository with the files of the checkout that a build of the wrapper reads. Its only commit has the
// tag v1.2.3.
func repository(t *testing.T) (dir string) {
	t.Helper()
	module, err := filepath.EvalSymlinks("../../MODULE.bazel")
	if err != nil {
		t.Fatal(err)
	}
	checkout, err := filepath.Abs(filepath.Dir(module))
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	for _, name := range []string{".gitignore", "Makefile", "go.mod", "go.sum", "installer", "wrapper"} {
		// Reading these files makes the go command run the test again, instead of using its cache, when one of them has
		// changed.
		err := filepath.WalkDir(filepath.Join(checkout, name), func(path string, _ os.DirEntry, err error) error { return err })
		if err != nil {
			t.Fatal(err)
		}
		sh(t, dir, nil, `cp -R "$1" .`, filepath.Join(checkout, name))
	}
	sh(t, dir, nil, `git init --quiet && git add . && git -c user.name=x -c user.email=x@example.com commit --quiet --message x &&
		git -c user.name=x -c user.email=x@example.com tag --annotate --message x v1.2.3`)
	return dir
}

// goEnvironment returns the variables through which make and go find the go command and the module.
func goEnvironment(t *testing.T) (environment []string) {
	t.Helper()
	command := os.Getenv(goVariable)
	if command == "" {
		return nil
	}
	command, err := filepath.Abs(command)
	if err != nil {
		t.Fatal(err)
	}
	sources, err := filepath.EvalSymlinks(filepath.Join(needs.Variable(t, sysVariable), "src/golang.org/x/sys"))
	if err != nil {
		t.Fatal(err)
	}
	scratch := t.TempDir()
	sys := filepath.Join(scratch, "sys")
	if err := os.CopyFS(sys, os.DirFS(sources)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(sys, "go.mod"), []byte("module golang.org/x/sys\n\ngo 1.24\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	modfile := filepath.Join(scratch, "go.mod")
	text := fmt.Sprintf("module github.com/iptables-wrappers/iptables-wrappers\n\ngo 1.26\n\nrequire golang.org/x/sys v0.0.0\n\nreplace golang.org/x/sys => %s\n",
		sys)
	if err := os.WriteFile(modfile, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(command, filepath.Join(scratch, "go")); err != nil {
		t.Fatal(err)
	}
	// rules_go's go command finds its own files in the runfiles directory.
	return []string{
		"PATH=" + scratch + ":" + os.Getenv("PATH"), "RUNFILES_DIR=" + os.Getenv("TEST_SRCDIR"), "GOFLAGS=-modfile=" + modfile,
		"GOCACHE=" + filepath.Join(scratch, "cache"), "GOPATH=" + filepath.Join(scratch, "path"), "GOWORK=off", "GOPROXY=off",
	}
}

// sh runs a shell script in dir and returns what it prints.
func sh(t *testing.T, dir string, environment []string, script string, args ...string) string {
	t.Helper()
	command := exec.Command("sh", append([]string{"-euc", script, "sh"}, args...)...)
	command.Dir = dir
	command.Env = append(append(os.Environ(), "HOME="+t.TempDir(), "GIT_CONFIG_NOSYSTEM=1"), environment...)
	if home := os.Getenv("HOME"); home != "" && os.Getenv(goVariable) == "" {
		command.Env = append(command.Env, "HOME="+home) // with the go command's caches
	}
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%s\n%v\n%s", script, err, out)
	}
	return strings.TrimSpace(string(out))
}
