package downstream_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
	"github.com/iptables-wrappers/iptables-wrappers/tests/pages"
)

// unpack writes this module's files as other projects get them, and returns the workspace in the directory below.
func unpack(t *testing.T, below string) workspace {
	t.Helper()
	archive := needs.Variable(t, "MODULE")
	bazel, err := filepath.Abs(needs.Variable(t, "BAZEL"))
	if err != nil {
		t.Fatal(err)
	}
	directory := t.TempDir()
	if output, err := exec.Command("tar", "--extract", "--file", archive, "--directory", directory).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", archive, err, output)
	}
	w := workspace{bazel: bazel, directory: filepath.Join(directory, below), output: filepath.Join(directory, "output")}
	// This also removes the output base, whose files are read-only and could not be removed with the directory.
	t.Cleanup(func() { w.run(t, "clean", "--expunge") })
	return w
}

// paste makes a workspace from a page's example. It adds only the source of the module, because no registry has the
// current version. Each pair of words is replaced, as a user would do.
func paste(t *testing.T, document, directory string, replace ...string) workspace {
	t.Helper()
	blocks := example(t, document)
	for name, text := range blocks {
		blocks[name] = strings.NewReplacer(replace...).Replace(text)
	}
	w := unpack(t, directory)
	blocks["MODULE.bazel"] += "local_path_override(module_name = \"iptables_wrappers\", path = \"../..\")\n"
	blocks[".bazelrc"] = string(read(t, "BAZELRC"))
	if err := os.Mkdir(w.directory, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range blocks {
		w.add(t, name, text)
	}
	return w
}

// example returns the blocks of a page that are to be pasted into MODULE.bazel and BUILD.bazel.
func example(t *testing.T, document string) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, block := range pages.Files(t, needs.Variable(t, document), "starlark") {
		name, text, _ := strings.Cut(strings.TrimPrefix(block.Text, "# "), "\n")
		if strings.HasSuffix(name, ".bazel") {
			files[name] = text
		}
	}
	if files["MODULE.bazel"] == "" || files["BUILD.bazel"] == "" {
		t.Fatalf("%s has no example of both MODULE.bazel and BUILD.bazel: %q", document, files)
	}
	return files
}

// workspace is a Bazel workspace and the Bazel server that builds it.
type workspace struct {
	bazel     string // path of the program
	directory string
	output    string // output base: only the user's settings are shared with the Bazel that runs this test
}

// run runs a Bazel command and returns its standard output.
func (w workspace) run(t *testing.T, arguments ...string) string {
	t.Helper()
	stdout, stderr, err := w.try(arguments...)
	if err != nil {
		t.Fatalf("bazel %s: %v\n%s%s", strings.Join(arguments, " "), err, stdout, stderr)
	}
	return stdout
}

func (w workspace) try(arguments ...string) (stdout, stderr string, err error) {
	command := exec.Command(w.bazel, append([]string{"--output_base=" + w.output, "--max_idle_secs=60"}, arguments...)...)
	command.Dir = w.directory
	command.Env = environment(os.Environ())
	var errors strings.Builder
	command.Stderr = &errors
	output, err := command.Output()
	return string(output), errors.String(), err
}

// add appends to a file.
func (w workspace) add(t *testing.T, name, text string) {
	t.Helper()
	file, err := os.OpenFile(filepath.Join(w.directory, name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	_, err = file.WriteString(text)
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		t.Fatal(err)
	}
}

// built builds a target and returns the content of its only file.
func (w workspace) built(t *testing.T, target string) []byte {
	t.Helper()
	w.run(t, "build", target)
	data, err := os.ReadFile(filepath.Join(w.directory, strings.TrimSpace(w.run(t, "cquery", "--output=files", target))))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// checkWrapper compares the wrapper of another module's build with that of this build: the bytes must be equal.
func (w workspace) checkWrapper(t *testing.T, architecture string) {
	t.Helper()
	if !bytes.Equal(w.built(t, "@iptables_wrappers//wrapper:wrapper_"+architecture), read(t, "WRAPPER_"+strings.ToUpper(architecture))) {
		t.Errorf("the wrapper for %s of another module's build differs from this one's: see wrapper/paths.bzl", architecture)
	}
}

// read returns the concatenated files that a variable names.
func read(t *testing.T, variable string) []byte {
	t.Helper()
	var text []byte
	for name := range strings.FieldsSeq(needs.Variable(t, variable)) {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, data...)
	}
	return text
}

// environment removes the variables that Bazel sets for tests. With them, the started Bazel would behave as one under
// test, and keep no caches.
func environment(all []string) []string {
	var kept []string
	for _, variable := range all {
		name, _, _ := strings.Cut(variable, "=")
		switch {
		case strings.HasPrefix(name, "TEST_"), strings.HasPrefix(name, "RUNFILES_"), strings.HasPrefix(name, "BAZEL"), name == "RUNTEST_PRESERVE_CWD":
		default:
			kept = append(kept, variable)
		}
	}
	return kept
}
