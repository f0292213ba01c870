// Package distros reads images/distros.bzl, the table of distributions, into Go values, for the programs that are
// derived from it outside of Bazel's own evaluation.
package distros

import (
	"encoding/json"
	"fmt"
	"os"

	starlarkjson "go.starlark.net/lib/json"
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
	"go.starlark.net/syntax"
)

// Distro is one distribution.
type Distro struct {
	Title    string             `json:"title"`
	Format   string             `json:"format"` // deb, apk or rpm
	Keys     []string           `json:"keys"`   // the files in images/DISTRO/keys, as Debian's package distribution-gpg-keys has them
	Releases map[string]Release `json:"releases"`
	Variants map[string]Variant `json:"variants"`
}

// Release is one release of a distribution.
type Release struct {
	Version       string            `json:"version"`
	Architectures map[string]string `json:"architectures"` // OCI's name to the distribution's
	Suites        []string          `json:"suites"`        // repositories beside the release's own
	End           string            `json:"end"`           // last day of support, YYYY-MM-DD; empty if not known
	Supported     bool              `json:"supported"`     // whether the table says so
}

// Variant is one set of packages an image is made of.
type Variant struct {
	Packages []string `json:"packages"` // wanted by name
	Without  []string `json:"without"`  // left out although something depends on them
}

// Read evaluates the table.
func Read(path string) (map[string]Distro, error) {
	encoded, err := evaluate(path)
	if err != nil {
		return nil, err
	}
	table := map[string]Distro{}
	if err := json.Unmarshal(encoded, &table); err != nil {
		return nil, fmt.Errorf("distribution table: %w", err)
	}
	return table, nil
}

// evaluate returns the table as JSON.
func evaluate(path string) ([]byte, error) {
	source, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	predeclared := starlark.StringDict{"struct": starlark.NewBuiltin("struct", starlarkstruct.Make)}
	thread := &starlark.Thread{Name: path}
	thread.SetMaxExecutionSteps(1_000_000)
	globals, err := starlark.ExecFileOptions(&syntax.FileOptions{}, thread, path, source, predeclared)
	if err != nil {
		return nil, fmt.Errorf("distribution table: %w", err)
	}
	text, err := starlark.Call(thread, starlarkjson.Module.Members["encode"], starlark.Tuple{globals["DISTROS"]}, nil)
	if err != nil {
		return nil, fmt.Errorf("distribution table: %w", err)
	}
	encoded, _ := starlark.AsString(text)
	return []byte(encoded), nil
}
