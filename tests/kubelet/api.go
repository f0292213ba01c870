package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// api is a real API server and its store. It is asked whether it takes the manifests of examples/, as kubectl would ask; the node's
// kubelet knows nothing of it.
type api struct {
	client    *http.Client
	processes []*exec.Cmd
}

const (
	apiServer = "https://127.0.0.1:6443"
	apiToken  = "a-token"
)

// startAPI starts both, and waits until there is the namespace that the manifests are for.
func (n *node) startAPI() (*api, error) {
	folder := filepath.Join(n.folder, "api")
	if err := os.Mkdir(folder, 0o700); err != nil {
		return nil, err
	}
	key, tokens := filepath.Join(folder, "key.pem"), filepath.Join(folder, "tokens.csv")
	if err := writeKey(key); err != nil {
		return nil, err
	}
	if err := os.WriteFile(tokens, []byte(apiToken+",admin,admin,system:masters\n"), 0o600); err != nil {
		return nil, err
	}
	etcd, err := n.start("etcd", os.Environ(), n.etcd, "--data-dir="+filepath.Join(folder, "etcd"), "--unsafe-no-fsync")
	if err != nil {
		return nil, err
	}
	server, err := n.start("kube-apiserver", os.Environ(), n.apiserver,
		"--etcd-servers=http://127.0.0.1:2379",
		"--bind-address=127.0.0.1",
		"--advertise-address=192.0.2.2",
		"--endpoint-reconciler-type=none",
		"--cert-dir="+folder,
		"--token-auth-file="+tokens,
		"--authorization-mode=RBAC",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file="+key,
		"--service-account-signing-key-file="+key,
		"--service-cluster-ip-range=198.51.100.0/24")
	if err != nil {
		return nil, err
	}
	a := &api{processes: []*exec.Cmd{server, etcd}}
	return a, wait("namespace kube-system of the API server", func() (bool, error) {
		// The server makes its certificate itself, and is its own authority.
		certificate, err := os.ReadFile(filepath.Join(folder, "apiserver.crt"))
		if err != nil {
			return false, err
		}
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(certificate)
		a.client = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
		answer, err := a.ask(http.MethodGet, "/api/v1/namespaces/kube-system", "", nil)
		return err == nil && answer.status == http.StatusOK, err
	})
}

func writeKey(path string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), 0o600)
}

func (a *api) stop() error {
	for _, process := range a.processes {
		if err := stop(process); err != nil {
			return err
		}
	}
	return nil
}

// answer is what the API server says to a request.
type answer struct {
	status   int
	message  string   // of a refusal
	warnings []string // which kubectl prints
}

func (a *api) ask(method, path, contentType string, body []byte) (answer, error) {
	request, err := http.NewRequest(method, apiServer+path, bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	request.Header.Set("Authorization", "Bearer "+apiToken)
	request.Header.Set("Content-Type", contentType)
	response, err := a.client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{}, err
	}
	var said struct{ Message string }
	if err := json.Unmarshal(text, &said); err != nil {
		return answer{}, fmt.Errorf("%s %s: %w: %.200s", method, path, err, text)
	}
	var warnings []string
	for _, header := range response.Header.Values("Warning") { // RFC 9111, 5.5: code, agent, quoted text
		quoted := strings.TrimPrefix(header, "299 - ")
		warning, err := strconv.Unquote(quoted)
		if err != nil {
			return answer{}, fmt.Errorf("%s %s: warning %q: %w", method, path, header, err)
		}
		warnings = append(warnings, warning)
	}
	return answer{response.StatusCode, said.Message, warnings}, nil
}

// checkManifests: the API server creates the DaemonSets of examples/, unknown fields refused, and what the documentation says of
// them is what it says. Each mistake that is made in them here is found, so that finding none means something.
func (n *node) checkManifests() (wrong []string, err error) {
	a, err := n.startAPI()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, a.stop()) }()
	// What a Pod Security level has against a pod template, the server only warns of.
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
				return nil, fmt.Errorf("%s: has no %q to make a mistake of", name, mistake.right)
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
				wrong = append(wrong, fmt.Sprintf("%s: the API server warns, and the page beside it does not say so: %s", name, warning))
			}
		}
	}
	if len(wrong) == 0 {
		fmt.Printf("API server %s: takes %d manifests, and refuses each with any of %d mistakes\n", n.version, len(manifests), len(mistakes))
	}
	return wrong, nil
}

// mistakes: a field that does not exist, a word where a list belongs, two fields that exclude each other, a selector of others' pods.
var mistakes = []struct{ right, wrong, says string }{
	{"readOnlyRootFilesystem:", "readOnlyRootFileSystem:", "unknown field"},
	{"drop: [ALL]", "drop: ALL", "cannot unmarshal"},
	{"hostNetwork: true", "hostNetwork: true\n      hostUsers: false", "hostUsers"},
	{"matchLabels:\n      app.kubernetes.io/name: ", "matchLabels:\n      app.kubernetes.io/name: not-", "does not match template"},
}

func (a *api) createDaemonSet(manifest string) (answer, error) {
	return a.ask(http.MethodPost, "/apis/apps/v1/namespaces/kube-system/daemonsets?fieldValidation=Strict", "application/yaml", []byte(manifest))
}
