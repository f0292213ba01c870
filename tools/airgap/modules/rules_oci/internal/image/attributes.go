package image

import (
	"fmt"
	"os"
	"regexp"
	"strings"
)

// escapedNewline stands for a newline inside one item of a newline-separated list.
const escapedNewline = "%5Cn"

// readList reads a newline-separated list; empty lines are no items.
func readList(path string) ([]string, error) {
	lines, err := readLines(path)
	if err != nil {
		return nil, err
	}
	items := []string{}
	for _, line := range lines {
		items = append(items, strings.ReplaceAll(line, escapedNewline, "\n"))
	}
	return items, nil
}

func readLines(path string) ([]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var lines []string
	for line := range strings.SplitSeq(string(text), "\n") {
		if line != "" {
			lines = append(lines, line)
		}
	}
	return lines, nil
}

// MergePairs adds the key=value lines of the file to the map; a key that is there already gets the new value. No file
// changes nothing.
func MergePairs(target *map[string]string, path string) error {
	if path == "" {
		return nil
	}
	lines, err := readLines(path)
	if err != nil {
		return err
	}
	for _, line := range lines {
		key, value, found := strings.Cut(line, "=")
		if !found {
			return fmt.Errorf("%s: line %q is not key=value", path, line)
		}
		if *target == nil {
			*target = map[string]string{}
		}
		(*target)[key] = value
	}
	return nil
}

// mergeSet adds the items of a comma-separated file to the set.
func mergeSet(target *map[string]struct{}, path string) error {
	if path == "" {
		return nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for item := range strings.SplitSeq(strings.TrimSpace(string(text)), ",") {
		if item == "" {
			continue
		}
		if *target == nil {
			*target = map[string]struct{}{}
		}
		(*target)[item] = struct{}{}
	}
	return nil
}

// readEnv returns base with the KEY=VALUE lines of the file applied in order: a known key keeps its place, a new one
// comes last, and $K and ${K} stand for the value K has by then.
func readEnv(path string, base []string) ([]string, error) {
	lines, err := readLines(path)
	if err != nil {
		return nil, err
	}
	keys := []string{}
	values := map[string]string{}
	set := func(key, value string) {
		if _, known := values[key]; !known {
			keys = append(keys, key)
		}
		values[key] = value
	}
	for _, entry := range base {
		key, value, _ := strings.Cut(entry, "=")
		set(key, value)
	}
	for _, line := range lines {
		key, value, found := strings.Cut(line, "=")
		if !found {
			return nil, fmt.Errorf("%s: line %q is not KEY=VALUE", path, line)
		}
		expanded, err := expand(value, values)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", path, key, err)
		}
		set(key, expanded)
	}
	env := make([]string, 0, len(keys))
	for _, key := range keys {
		env = append(env, key+"="+values[key])
	}
	return env, nil
}

// expand replaces $K and ${K}. The real rules produce a value of no use for a variable that is not set (the jq filter
// behind them yields nothing), so it is an error here.
func expand(value string, values map[string]string) (string, error) {
	var unset error
	expanded := regexp.MustCompile(`\$(?:\{([a-zA-Z0-9_]+)\}|([a-zA-Z0-9_]+))`).ReplaceAllStringFunc(value, func(reference string) string {
		key := strings.Trim(reference, "${}")
		replacement, found := values[key]
		if !found && unset == nil {
			unset = fmt.Errorf("%s is set neither by the base nor before: set it, or leave the reference out", reference)
		}
		return replacement
	})
	return expanded, unset
}
