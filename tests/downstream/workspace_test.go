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

// unpack lays out this module as others get it, and returns a workspace in one of its folders.
func unpack(t *testing.T, below string) workspace {
	t.Helper()
	archive := needs.Variable(t, "MODULE")
	bazel, err := filepath.Abs(needs.Variable(t, "BAZEL"))
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if output, err := exec.Command("tar", "--extract", "--file", archive, "--directory", folder).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", archive, err, output)
	}
	w := workspace{bazel: bazel, folder: filepath.Join(folder, below), output: filepath.Join(folder, "output")}
	// Not only shut down: what it leaves behind is not writable, and so could not be removed with the folder.
	t.Cleanup(func() { w.run(t, "clean", "--expunge") })
	return w
}

// paste lays out a workspace of a document's example: only where the module comes from is said, since the registry has no
// version of today. Each pair of words is replaced, as a user would.
func paste(t *testing.T, document, folder string, replace ...string) workspace {
	t.Helper()
	blocks := example(t, document)
	for name, text := range blocks {
		blocks[name] = strings.NewReplacer(replace...).Replace(text)
	}
	w := unpack(t, folder)
	blocks["MODULE.bazel"] += "local_path_override(module_name = \"iptables_wrappers\", path = \"../..\")\n"
	blocks[".bazelrc"] = string(read(t, "BAZELRC"))
	if err := os.Mkdir(w.folder, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range blocks {
		w.add(t, name, text)
	}
	return w
}

// example is what a document has to be pasted into MODULE.bazel and BUILD.bazel.
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

// A workspace is where one Bazel server works.
type workspace struct {
	bazel  string // program
	folder string
	output string // its output base: nothing is shared with the Bazel that runs this test, but what the user's settings name
}

// run returns the standard output of a Bazel command.
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
	command.Dir = w.folder
	command.Env = environment(os.Environ())
	var errors strings.Builder
	command.Stderr = &errors
	output, err := command.Output()
	return string(output), errors.String(), err
}

// add appends to a file.
func (w workspace) add(t *testing.T, name, text string) {
	t.Helper()
	file, err := os.OpenFile(filepath.Join(w.folder, name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
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

// built is the content of the one file that a target makes.
func (w workspace) built(t *testing.T, target string) []byte {
	t.Helper()
	w.run(t, "build", target)
	data, err := os.ReadFile(filepath.Join(w.folder, strings.TrimSpace(w.run(t, "cquery", "--output=files", target))))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// checkWrapper compares the wrapper of another module's build with that of this build: the bytes must be equal.
func (w workspace) checkWrapper(t *testing.T, architecture string) {
	t.Helper()
	if !bytes.Equal(w.built(t, "@iptables_wrappers//images/private:wrapper_"+architecture), read(t, "WRAPPER_"+strings.ToUpper(architecture))) {
		t.Errorf("the wrapper for %s of another module's build differs from this one's: see wrapper/paths.bzl", architecture)
	}
}

// read returns the files that a variable names, one after another.
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

// environment leaves out what Bazel says to a test: a Bazel that is started with it takes itself for one under test, and
// keeps nothing.
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
