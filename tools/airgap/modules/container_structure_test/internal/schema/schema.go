// Package schema defines the configuration format of container-structure-test, schema version 2.0.0.
package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"gopkg.in/yaml.v2"
)

// Version is the only schema version that this program reads.
const Version = "2.0.0"

// Config is one configuration file.
type Config struct {
	SchemaVersion       string              `yaml:"schemaVersion"`
	GlobalEnvVars       []EnvVar            `yaml:"globalEnvVars"`
	CommandTests        []CommandTest       `yaml:"commandTests"`
	FileExistenceTests  []FileExistenceTest `yaml:"fileExistenceTests"`
	FileContentTests    []FileContentTest   `yaml:"fileContentTests"`
	MetadataTest        MetadataTest        `yaml:"metadataTest"`
	LicenseTests        []LicenseTest       `yaml:"licenseTests"`
	ContainerRunOptions RunOptions          `yaml:"containerRunOptions"`
}

// EnvVar is a variable to set, or an expected one. Only for an expected one IsRegex is used.
type EnvVar struct {
	Key     string `yaml:"key"`
	Value   string `yaml:"value"`
	IsRegex bool   `yaml:"isRegex"`
}

// CommandTest runs one command in a new container.
type CommandTest struct {
	Name           string     `yaml:"name"`
	Setup          [][]string `yaml:"setup"`
	Teardown       [][]string `yaml:"teardown"`
	EnvVars        []EnvVar   `yaml:"envVars"`
	ExitCode       int        `yaml:"exitCode"`
	Command        string     `yaml:"command"`
	Args           []string   `yaml:"args"`
	ExpectedOutput []string   `yaml:"expectedOutput"`
	ExcludedOutput []string   `yaml:"excludedOutput"`
	ExpectedError  []string   `yaml:"expectedError"`
	ExcludedError  []string   `yaml:"excludedError"`
}

// FileExistenceTest inspects one path without following it. A missing value is false or 0 in JSON, but has other defaults
// in YAML, as in the real tool.
type FileExistenceTest struct {
	Name           string `yaml:"name"`
	Path           string `yaml:"path"`
	ShouldExist    bool   `yaml:"shouldExist"`
	Permissions    string `yaml:"permissions"` // as Go prints a file mode, for example -rwxr-xr-x or Lrwxrwxrwx
	UID            int    `yaml:"uid"`
	GID            int    `yaml:"gid"`
	IsExecutableBy string `yaml:"isExecutableBy"` // owner, group, other or any
}

// AnyOwner is a UID or GID that is not checked.
const AnyOwner = -1

// UnmarshalYAML fills in YAML's defaults.
func (f *FileExistenceTest) UnmarshalYAML(unmarshal func(any) error) error {
	type plain FileExistenceTest // without this method, which would call itself
	test := plain{ShouldExist: true, UID: AnyOwner, GID: AnyOwner}
	if err := unmarshal(&test); err != nil {
		return err
	}
	*f = FileExistenceTest(test)
	return nil
}

// FileContentTest matches regular expressions against a file.
type FileContentTest struct {
	Name             string   `yaml:"name"`
	Path             string   `yaml:"path"`
	ExpectedContents []string `yaml:"expectedContents"`
	ExcludedContents []string `yaml:"excludedContents"`
}

// MetadataTest checks the image's configuration. A nil Entrypoint or Cmd is not checked. An empty one must be empty.
type MetadataTest struct {
	EnvVars          []EnvVar  `yaml:"envVars"`
	UnboundEnvVars   []EnvVar  `yaml:"unboundEnvVars"`
	ExposedPorts     []string  `yaml:"exposedPorts"`
	UnexposedPorts   []string  `yaml:"unexposedPorts"`
	Entrypoint       *[]string `yaml:"entrypoint"`
	Cmd              *[]string `yaml:"cmd"`
	Workdir          string    `yaml:"workdir"`
	Volumes          []string  `yaml:"volumes"`
	UnmountedVolumes []string  `yaml:"unmountedVolumes"`
	Labels           []EnvVar  `yaml:"labels"`
	User             string    `yaml:"user"`
}

// IsEmpty reports whether the test checks nothing.
func (m MetadataTest) IsEmpty() bool {
	return len(m.EnvVars) == 0 && len(m.UnboundEnvVars) == 0 && len(m.ExposedPorts) == 0 && len(m.UnexposedPorts) == 0 &&
		m.Entrypoint == nil && m.Cmd == nil && m.Workdir == "" && len(m.Volumes) == 0 && len(m.UnmountedVolumes) == 0 &&
		len(m.Labels) == 0 && m.User == ""
}

// LicenseTest searches for licenses that must not be shipped.
type LicenseTest struct {
	Debian bool     `yaml:"debian"`
	Files  []string `yaml:"files"`
}

// RunOptions say how containers of command tests are run.
type RunOptions struct {
	User         string   `yaml:"user"`
	Privileged   bool     `yaml:"privileged"`
	TTY          bool     `yaml:"allocateTty"` // in JSON: tty
	EnvVars      []string `yaml:"envVars"`
	EnvFile      string   `yaml:"envFile"`
	Capabilities []string `yaml:"capabilities"`
	BindMounts   []string `yaml:"bindMounts"`
}

// IsSet reports whether any option is set.
func (o RunOptions) IsSet() bool {
	return o.User != "" || o.Privileged || o.TTY || o.EnvFile != "" ||
		len(o.EnvVars) > 0 || len(o.Capabilities) > 0 || len(o.BindMounts) > 0
}

// Load reads a .yaml, .yml or .json file. Unknown keys are errors, also in JSON, where the real tool ignores them.
func Load(path string) (*Config, error) {
	var version struct {
		SchemaVersion string `yaml:"schemaVersion"`
	}
	loose, strict := yaml.Unmarshal, strictYAML
	switch filepath.Ext(path) {
	case ".yaml", ".yml":
	case ".json":
		loose, strict = json.Unmarshal, strictJSON
	default:
		return nil, fmt.Errorf("%s is neither YAML nor JSON: name it .yaml, .yml or .json", path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if err := loose(data, &version); err != nil {
		return nil, err
	}
	switch version.SchemaVersion {
	case Version:
	case "":
		return nil, errors.New("no schemaVersion: write schemaVersion: \"2.0.0\"")
	case "1.0.0":
		return nil, errors.New("schema version 1.0.0 is only read by the real container-structure-test: use 2.0.0")
	default:
		return nil, fmt.Errorf("unsupported schema version %s: use 2.0.0", version.SchemaVersion)
	}
	config := &Config{}
	if err := strict(data, config); err != nil {
		return nil, err
	}
	return config, nil
}

func strictYAML(data []byte, value any) error {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.SetStrict(true)
	if err := decoder.Decode(value); err != nil {
		return err
	}
	if err := decoder.Decode(&struct{}{}); err != io.EOF {
		return errors.New("more than one document: one file is one configuration")
	}
	return nil
}

func strictJSON(data []byte, value any) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(value); err != nil {
		return err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return errors.New("more than one value: one file is one configuration")
	}
	return nil
}
