package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// serviceRule is part of the rule that kube-proxy creates for the service below.
const serviceRule = "-A KUBE-SERVICES -d 198.51.100.200/32 -p tcp "

// proxyObjects are the objects that kube-proxy reads from the API server: one service with one endpoint, and its node.
var proxyObjects = []struct{ path, object string }{
	{"/api/v1/nodes", `{"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node"},
		"status": {"addresses": [{"type": "InternalIP", "address": "192.0.2.2"}]}}`},
	{"/api/v1/namespaces/default/services", `{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
		"spec": {"clusterIP": "198.51.100.200", "ports": [{"protocol": "TCP", "port": 80, "targetPort": 8080}]}}`},
	{"/apis/discovery.k8s.io/v1/namespaces/default/endpointslices", `{"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
		"metadata": {"name": "web", "labels": {"kubernetes.io/service-name": "web"}},
		"addressType": "IPv4", "endpoints": [{"addresses": ["192.0.2.2"], "conditions": {"ready": true}}],
		"ports": [{"name": "", "protocol": "TCP", "port": 8080}]}`},
}

// createProxyObjects creates the objects for kube-proxy in the API server. It also writes a kubeconfig with the server's
// address into the directory of the agents' calls, where the container can read it.
func (n *node) createProxyObjects(a *api) error {
	for _, one := range proxyObjects {
		answered, err := a.ask(http.MethodPost, one.path+"?fieldValidation=Strict", "application/json", []byte(one.object))
		if err != nil {
			return err
		}
		if answered.status != http.StatusCreated {
			return fmt.Errorf("%s: %d %s", one.path, answered.status, answered.message)
		}
	}
	config, err := json.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "Config", "current-context": "node",
		"clusters": []any{map[string]any{"name": "node", "cluster": map[string]any{
			"server": apiServer, "certificate-authority-data": a.certificate}}},
		"users":    []any{map[string]any{"name": "node", "user": map[string]any{"token": apiToken}}},
		"contexts": []any{map[string]any{"name": "node", "context": map[string]any{"cluster": "node", "user": "node"}}},
	})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(n.calls, "kubeconfig"), config, 0o600)
}

// proxyArguments disable what kube-proxy would write to sysctls, because its container has no permission for it.
var proxyArguments = []string{
	"--kubeconfig=/calls/kubeconfig",
	"--hostname-override=node",
	"--proxy-mode=iptables",
	"--iptables-localhost-nodeports=false",
	"--conntrack-max-per-core=0",
	"--conntrack-tcp-timeout-established=0s",
	"--conntrack-tcp-timeout-close-wait=0s",
	"--nodeport-addresses=primary",
}

func (n *node) waitForProxy() error {
	return wait("kube-proxy's rule", func() (bool, error) {
		for _, mode := range []string{"nft", "legacy"} {
			if rules, err := n.rules(mode, "iptables-save"); err != nil || strings.Contains(rules, "\n"+serviceRule) {
				return true, err
			}
		}
		return false, nil
	})
}

// checkProxy checks that kube-proxy's rules are in the node's mode only.
func (n *node) checkProxy(c *container, h history, rules map[string]string) finding {
	f := finding{container: c, leadsTo: "-", init: "-"}
	for _, mode := range []string{"nft", "legacy"} {
		if strings.Contains(rules[mode], "\n"+serviceRule) {
			f.used = append(f.used, mode)
		}
		if strings.Contains(rules[mode], "\n:KUBE-SERVICES ") != (mode == n.mode) {
			f.differs("chain KUBE-SERVICES in %s: %v", mode, mode != n.mode)
		}
	}
	if len(f.used) != 1 || f.used[0] != n.mode {
		f.differs("its service's rule is in %v", f.used)
	}
	log, err := n.podLog(c, "program")
	if err != nil {
		f.differs("log: %v", err)
	}
	for line := range strings.Lines(log) {
		if _, said, _ := strings.Cut(line, " F "); strings.HasPrefix(said, "E") { // klog's mark of an error
			f.differs("%s", strings.TrimSpace(said))
		}
	}
	n.checkInit(&f, h)
	return f
}
