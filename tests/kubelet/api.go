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
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// api is a real API server with etcd. The test sends it the manifests of examples/, as kubectl does, and it tells
// kube-proxy what to program. The node's kubelet does not use it.
type api struct {
	client      *http.Client
	certificate []byte // self-signed, so also the authority
}

const (
	apiServer = "https://127.0.0.1:6443"
	apiToken  = "a-token"
)

// startAPI starts etcd and the API server, and waits until the namespaces exist.
func (n *node) startAPI() (*api, error) {
	dir := filepath.Join(n.dir, "api")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	key, tokens := filepath.Join(dir, "key.pem"), filepath.Join(dir, "tokens.csv")
	if err := writeKey(key); err != nil {
		return nil, err
	}
	if err := os.WriteFile(tokens, []byte(apiToken+",admin,admin,system:masters\n"), 0o600); err != nil {
		return nil, err
	}
	if _, err := n.start("etcd", os.Environ(), n.etcd, "--data-dir="+filepath.Join(dir, "etcd"), "--unsafe-no-fsync"); err != nil {
		return nil, err
	}
	if _, err := n.start("kube-apiserver", os.Environ(), n.apiserver,
		"--etcd-servers=http://127.0.0.1:2379",
		"--bind-address=127.0.0.1",
		"--advertise-address=192.0.2.2",
		"--endpoint-reconciler-type=none",
		"--cert-dir="+dir,
		"--token-auth-file="+tokens,
		"--authorization-mode=RBAC",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file="+key,
		"--service-account-signing-key-file="+key,
		"--service-cluster-ip-range=198.51.100.0/24"); err != nil {
		return nil, err
	}
	a := new(api)
	return a, wait("namespaces of the API server", func() (ready bool, err error) {
		if a.certificate, err = os.ReadFile(filepath.Join(dir, "apiserver.crt")); err != nil {
			return false, err
		}
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(a.certificate)
		a.client = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
		for _, namespace := range []string{"kube-system", "default"} {
			answer, err := a.ask(http.MethodGet, "/api/v1/namespaces/"+namespace, "", nil)
			if err != nil || answer.status != http.StatusOK {
				return false, err
			}
		}
		return true, nil
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

// answer is the API server's response to a request.
type answer struct {
	status   int
	message  string   // reason of a refusal
	warnings []string // kubectl prints these
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
