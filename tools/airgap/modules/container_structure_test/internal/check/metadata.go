package check

import (
	"slices"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/tools/airgap/modules/container_structure_test/internal/report"
	"github.com/iptables-wrappers/iptables-wrappers/tools/airgap/modules/container_structure_test/internal/schema"
)

func (s *Subject) metadata(test schema.MetadataTest) report.Result {
	result := report.Result{Name: "Metadata Test"}
	validMetadata(&result, test)
	if len(result.Errors) > 0 {
		return result
	}
	config := s.Config.Config
	pairs(&result, "env var", test.EnvVars, environMap(config.Env))
	for _, v := range test.UnboundEnvVars {
		if _, bound := environMap(config.Env)[v.Key]; bound {
			result.Errorf("env variable %s should not be present in image metadata", v.Key)
		}
	}
	pairs(&result, "label", test.Labels, config.Labels)
	words(&result, "Cmd", test.Cmd, config.Cmd)
	words(&result, "entrypoint", test.Entrypoint, config.Entrypoint)
	if test.Workdir != "" && test.Workdir != config.WorkingDir {
		result.Errorf("Image workdir %s does not match config workdir: %s", config.WorkingDir, test.Workdir)
	}
	if test.User != "" && test.User != config.User {
		result.Errorf("Image user %s does not match config user: %s", config.User, test.User)
	}
	ports := map[string]bool{}
	for port := range config.ExposedPorts {
		number, _, _ := strings.Cut(port, "/")
		ports[number] = true
	}
	for _, port := range test.ExposedPorts {
		if !ports[port] {
			result.Errorf("Port %s not found in config", port)
		}
	}
	for _, port := range test.UnexposedPorts {
		if ports[port] {
			result.Errorf("Port %s should not be exposed", port)
		}
	}
	for _, volume := range test.Volumes {
		if _, found := config.Volumes[volume]; !found {
			result.Errorf("Volume %s not found in config", volume)
		}
	}
	for _, volume := range test.UnmountedVolumes {
		if _, found := config.Volumes[volume]; found {
			result.Errorf("Volume %s should not be mounted", volume)
		}
	}
	return result
}

func validMetadata(result *report.Result, test schema.MetadataTest) {
	isEmpty := func(v schema.EnvVar) bool { return v.Key == "" }
	if slices.ContainsFunc(test.EnvVars, isEmpty) {
		result.Errorf("Environment variable key cannot be empty")
	}
	if slices.ContainsFunc(test.Labels, isEmpty) {
		result.Errorf("Label key cannot be empty")
	}
	if slices.Contains(test.ExposedPorts, "") {
		result.Errorf("Port cannot be empty")
	}
	if slices.Contains(test.Volumes, "") {
		result.Errorf("Volume cannot be empty")
	}
}

func pairs(result *report.Result, what string, expected []schema.EnvVar, actual map[string]string) {
	for _, pair := range expected {
		value, found := actual[pair.Key]
		if !found {
			result.Errorf("%s %s not found in image metadata", what, pair.Key)
			continue
		}
		same := pair.Value == value
		if pair.IsRegex {
			var err error
			if same, err = matches(pair.Value, value); err != nil {
				result.Errorf("%v", err)
				continue
			}
		}
		if !same {
			result.Errorf("%s %s value %s does not match expected value: %s", what, pair.Key, value, pair.Value)
		}
	}
}

func words(result *report.Result, what string, expected *[]string, actual []string) {
	if expected != nil && !slices.Equal(*expected, actual) {
		result.Errorf("Image %s %q does not match expected %s: %q", what, actual, what, *expected)
	}
}
