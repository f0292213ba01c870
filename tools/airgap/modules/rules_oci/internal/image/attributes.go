package image

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/iptables-wrappers/iptables-wrappers/tools/airgap/modules/rules_oci/internal/ordered"
)

// configure applies the attributes that are not layers. It applies them in the order in which rules_oci reads its
// attributes, because new members are added in that order.
func (i *image) configure(spec Spec) error {
	changes := ordered.New()
	config := ordered.New()
	base, _ := i.config.Get("config").(*ordered.Object)
	if base == nil {
		base = ordered.New()
	}
	for _, attribute := range []struct {
		name, file string
		apply      func(path string) error
	}{
		{"created", spec.CreatedFile, func(path string) error { return setCreated(changes, path) }},
		{"entrypoint", spec.EntrypointFile, func(path string) error {
			// The base's command was meant for the base's entrypoint. Dockerfiles do the same.
			config.Set("Cmd", nil)
			return setList(config, "Entrypoint", path)
		}},
		{"cmd", spec.CmdFile, func(path string) error { return setList(config, "Cmd", path) }},
		{"exposed_ports", spec.ExposedPortsFile, func(path string) error { return setKeys(config, "ExposedPorts", path) }},
		{"volumes", spec.VolumesFile, func(path string) error { return setKeys(config, "Volumes", path) }},
		{"env", spec.EnvFile, func(path string) error { return setEnv(config, base, path) }},
		{"labels", spec.LabelsFile, func(path string) error { return setPairs(config, "Labels", path) }},
		{"annotations", spec.AnnotationsFile, func(path string) error {
			more := ordered.New()
			if err := setPairs(more, "annotations", path); err != nil {
				return err
			}
			i.manifest.Merge(more)
			return nil
		}},
	} {
		if attribute.file == "" {
			continue
		}
		if err := attribute.apply(attribute.file); err != nil {
			return fmt.Errorf("%s: %w", attribute.name, err)
		}
	}
	if spec.User != "" {
		config.Set("User", spec.User)
	}
	if spec.Workdir != "" {
		config.Set("WorkingDir", spec.Workdir)
	}
	if !config.IsEmpty() {
		changes.Set("config", config)
	}
	i.config.Merge(changes)
	if made, isObject := i.config.Get("config").(*ordered.Object); isObject && made.Get("Cmd") == nil {
		made.Delete("Cmd")
	}
	return nil
}

// setCreated uses the text without changes, so it refuses one that is not a date.
func setCreated(changes *ordered.Object, path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if _, err := time.Parse(time.RFC3339Nano, string(text)); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	changes.Set("created", string(text))
	return nil
}

// escapedNewline replaces a newline inside one item of a newline-separated list.
const escapedNewline = "%5Cn"

// setList parses a newline-separated list. It ignores empty lines.
func setList(config *ordered.Object, key, path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	items := []any{}
	for line := range strings.SplitSeq(string(text), "\n") {
		if line != "" {
			items = append(items, strings.ReplaceAll(line, escapedNewline, "\n"))
		}
	}
	config.Set(key, items)
	return nil
}

// setPairs parses key=value lines.
func setPairs(config *ordered.Object, key, path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	pairs := ordered.New()
	for line := range strings.SplitSeq(string(text), "\n") {
		if line == "" {
			continue
		}
		key, value, found := strings.Cut(line, "=")
		if !found {
			return fmt.Errorf("%s: line %q is not key=value", path, line)
		}
		pairs.Set(key, value)
	}
	config.Set(key, pairs)
	return nil
}

// setKeys parses a comma-separated list, whose items become keys. The real rules make a key of every text between commas,
// including a newline at the end of the file.
func setKeys(config *ordered.Object, key, path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	keys := ordered.New()
	if len(text) > 0 {
		for item := range strings.SplitSeq(string(text), ",") {
			if item == "" || strings.ContainsAny(item, " \t\n") {
				return fmt.Errorf("%s: item %q is empty or has white space in it", path, item)
			}
			keys.Set(item, ordered.New())
		}
	}
	config.Set(key, keys)
	return nil
}
