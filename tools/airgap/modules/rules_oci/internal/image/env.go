package image

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/tools/airgap/modules/rules_oci/internal/ordered"
)

// variable is an entry of an environment. A base may have several with one name; all are kept.
type variable struct{ name, value string }

// setEnv sets config's environment: the base's, with the NAME=VALUE lines of the file applied in order. A known name keeps
// its place, and a new one is added at the end. $N and ${N} are replaced by the current value of N.
func setEnv(config, base *ordered.Object, path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var env []variable
	entries, _ := base.Get("Env").([]any)
	for _, entry := range entries {
		text, _ := entry.(string)
		name, value, _ := strings.Cut(text, "=")
		env = append(env, variable{name, value})
	}
	for line := range strings.Lines(string(text)) {
		name, value, found := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		if !found {
			return fmt.Errorf("%s: line %q is not KEY=VALUE", path, line)
		}
		expanded, err := expand(value, env)
		if err != nil {
			return fmt.Errorf("%s: %s: %w", path, name, err)
		}
		if known := slices.IndexFunc(env, func(v variable) bool { return v.name == name }); known >= 0 {
			env[known].value = expanded
		} else {
			env = append(env, variable{name, expanded})
		}
	}
	list := []any{}
	for _, v := range env {
		list = append(list, v.name+"="+v.value)
	}
	config.Set("Env", list)
	return nil
}

// reference matches a reference of the real rules: either brace may be missing.
var reference = regexp.MustCompile(`\$\{?([a-zA-Z0-9_]+)\}?`)

// expand replaces references. A variable that is not set, or set twice, is an error. The real rules produce a useless value
// for it, because their jq filter returns nothing, or two values.
func expand(value string, env []variable) (string, error) {
	var wrong error
	expanded := reference.ReplaceAllStringFunc(value, func(text string) string {
		name := reference.FindStringSubmatch(text)[1]
		var values []string
		for _, v := range env {
			if v.name == name {
				values = append(values, v.value)
			}
		}
		switch {
		case len(values) == 0 && wrong == nil:
			wrong = fmt.Errorf("%s is set neither by the base nor before: set it, or leave the reference out", text)
		case len(values) > 1 && wrong == nil:
			wrong = fmt.Errorf("%s is set more than once by the base: leave the reference out", text)
		}
		return strings.Join(values, "")
	})
	return expanded, wrong
}
