package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"strings"
)

// addRegistryEntry writes the entry for the Bazel Central Registry. It uses the templates of the workflow of
// bazel-contrib/publish-to-bcr, so that a rehearsal shows the result. The registry requires the version in MODULE.bazel. The
// archive of the commit has none, so a patch adds it.
func (r *release) addRegistryEntry(ctx context.Context) error {
	version := r.moduleVersion()
	module, err := r.source.git(ctx, "show", r.source.commit+":MODULE.bazel")
	if err != nil {
		return err
	}
	versioned, patch, err := setModuleVersion(module, version)
	if err != nil {
		return err
	}
	files := map[string][]byte{"MODULE.bazel": versioned}
	source := map[string]any{}
	if err := r.template(ctx, "source.template.json", &source); err != nil {
		return err
	}
	archive, err := os.ReadFile(r.assetPath(r.sourceName()))
	if err != nil {
		return err
	}
	source["integrity"] = integrity(archive)
	// The template must name the archive that was made.
	if address, _ := source["url"].(string); path.Base(address) != r.sourceName() {
		return fmt.Errorf(".bcr/source.template.json: url is of %s, the archive is %s", path.Base(address), r.sourceName())
	}
	if source["strip_prefix"] != r.sourcePrefix() {
		return fmt.Errorf(".bcr/source.template.json: strip_prefix is %v, the archive has %s", source["strip_prefix"], r.sourcePrefix())
	}
	if patch != nil {
		const name = "module_dot_bazel_version.patch"
		files["patches/"+name] = patch
		source["patches"] = map[string]string{name: integrity(patch)}
		source["patch_strip"] = 1
	}
	if files["presubmit.yml"], err = r.source.git(ctx, "show", r.source.commit+":.bcr/presubmit.yml"); err != nil {
		return err
	}
	if files["source.json"], err = indented(source); err != nil {
		return err
	}
	metadata := map[string]any{}
	if err := r.template(ctx, "metadata.template.json", &metadata); err != nil {
		return err
	}
	metadata["versions"] = []string{version}
	if files["../metadata.json"], err = indented(metadata); err != nil {
		return err
	}
	for name, content := range files {
		if err := r.write(path.Join("registry/modules/iptables_wrappers", version, name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// template reads a file of .bcr and replaces the names in braces, as publish-to-bcr does.
func (r *release) template(ctx context.Context, name string, into any) error {
	text, err := r.source.git(ctx, "show", r.source.commit+":.bcr/"+name)
	if err != nil {
		return err
	}
	filled := strings.NewReplacer("{OWNER}", owner, "{REPO}", project, "{TAG}", r.Version, "{VERSION}", r.moduleVersion()).Replace(string(text))
	if err := json.Unmarshal([]byte(filled), into); err != nil {
		return fmt.Errorf(".bcr/%s: %w", name, err)
	}
	return nil
}

// setModuleVersion returns MODULE.bazel with another version, and the patch for it. The patch is nil if the version is already
// there.
func setModuleVersion(module []byte, version string) (versioned, patch []byte, err error) {
	const unset = `    version = "0.0.0",`
	lines := strings.SplitAfter(string(module), "\n")
	at := -1
	for i, line := range lines {
		if strings.TrimSuffix(line, "\n") != unset {
			continue
		}
		if at >= 0 {
			return nil, nil, fmt.Errorf("MODULE.bazel: two lines are %q", unset)
		}
		at = i
	}
	if at < 1 || at+1 >= len(lines) {
		return nil, nil, fmt.Errorf("MODULE.bazel: no line is %q, with one above and one below", unset)
	}
	if version == "0.0.0" {
		return module, nil, nil
	}
	set := strings.Replace(lines[at], "0.0.0", version, 1)
	patch = fmt.Appendf(nil, "--- a/MODULE.bazel\n+++ b/MODULE.bazel\n@@ -%d,3 +%d,3 @@\n %s-%s+%s %s",
		at, at, lines[at-1], lines[at], set, lines[at+1])
	lines[at] = set
	return []byte(strings.Join(lines, "")), patch, nil
}

// integrity returns a checksum in the format of https://www.w3.org/TR/SRI/.
func integrity(content []byte) string {
	sum := sha256.Sum256(content)
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

func indented(content any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "    ")
	err := encoder.Encode(content)
	return text.Bytes(), err
}
