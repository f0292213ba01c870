package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// checkManifests creates the DaemonSets of examples/ in the API server, which refuses unknown fields, and compares the
// server's warnings with the documentation. It also inserts mistakes, which the server must detect, to make sure that
// the check is effective.
func (n *node) checkManifests(a *api) (wrong []string, err error) {
	// If a pod template violates a Pod Security level, the server only prints a warning.
	label := `{"metadata": {"labels": {"pod-security.kubernetes.io/warn": "baseline"}}}`
	answered, err := a.ask(http.MethodPatch, "/api/v1/namespaces/kube-system", "application/merge-patch+json", []byte(label))
	if err != nil || answered.status != http.StatusOK {
		return nil, fmt.Errorf("label of kube-system: %d %s: %w", answered.status, answered.message, err)
	}
	page, err := os.ReadFile(n.page)
	if err != nil {
		return nil, err
	}
	manifests := []string{n.example, n.detector}
	for _, manifest := range manifests {
		text, err := os.ReadFile(manifest)
		if err != nil {
			return nil, err
		}
		name := filepath.Join(filepath.Base(filepath.Dir(manifest)), filepath.Base(manifest))
		for _, mistake := range mistakes {
			if !strings.Contains(string(text), mistake.right) {
				return nil, fmt.Errorf("%s: contains no %q, which the test replaces by a mistake", name, mistake.right)
			}
			broken := strings.Replace(string(text), mistake.right, mistake.wrong, 1)
			answered, err := a.createDaemonSet(broken)
			if err != nil {
				return nil, err
			}
			if answered.status/100 != 4 || !strings.Contains(answered.message, mistake.says) {
				wrong = append(wrong, fmt.Sprintf("%s with %q: %d %s", name, mistake.wrong, answered.status, answered.message))
			}
		}
		answered, err := a.createDaemonSet(string(text))
		if err != nil {
			return nil, err
		}
		if answered.status != http.StatusCreated {
			wrong = append(wrong, fmt.Sprintf("%s: %d %s", name, answered.status, answered.message))
		}
		if len(answered.warnings) != 1 {
			wrong = append(wrong, fmt.Sprintf("%s: %d warnings, not 1: %q", name, len(answered.warnings), answered.warnings))
		}
		for _, warning := range answered.warnings {
			if !strings.Contains(string(page), "\nWarning: "+warning+"\n") {
				wrong = append(wrong, fmt.Sprintf("%s: the page does not contain a warning of the API server: %s", name, warning))
			}
		}
	}
	if len(wrong) == 0 {
		fmt.Printf("API server %s: takes %d manifests, and refuses each with any of %d mistakes\n", n.version, len(manifests), len(mistakes))
	}
	return wrong, nil
}

// mistakes are: a field that does not exist, a word in place of a list, two fields that exclude each other, a selector
// that does not match the pods.
var mistakes = []struct{ right, wrong, says string }{
	{"readOnlyRootFilesystem:", "readOnlyRootFileSystem:", "unknown field"},
	{"drop: [ALL]", "drop: ALL", "cannot unmarshal"},
	{"hostNetwork: true", "hostNetwork: true\n      hostUsers: false", "hostUsers"},
	{"matchLabels:\n      app.kubernetes.io/name: ", "matchLabels:\n      app.kubernetes.io/name: not-", "does not match template"},
}

func (a *api) createDaemonSet(manifest string) (answer, error) {
	return a.ask(http.MethodPost, "/apis/apps/v1/namespaces/kube-system/daemonsets?fieldValidation=Strict", "application/yaml", []byte(manifest))
}
