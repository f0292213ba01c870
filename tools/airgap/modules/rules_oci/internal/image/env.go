package image

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/tools/airgap/modules/rules_oci/internal/ordered"
)

// variable is an entry of an environment. A base may have several of one name, which are kept.
type variable struct{ name, value string }

// setEnv gives config the base's environment with the NAME=VALUE lines of the file applied in order: a known name keeps its
// place, a new one comes last, and $N and ${N} stand for the value N has by then.
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

// reference is what the real rules take for one: either brace may be missing.
var reference = regexp.MustCompile(`\$\{?([a-zA-Z0-9_]+)\}?`)

// expand replaces references. The real rules produce a value of no use for a variable that is not set, or set twice (the jq
// filter behind them yields nothing, or two values), so it is an error here.
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
