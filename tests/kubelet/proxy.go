package main

import (
	"io"
	"net"
	"net/http"
	"strings"
)

// kube-proxy programs one service, and knows of it from an API server that has no more than that.
const apiAddress = "127.0.0.1:8001"

// serviceRule is in the rule that kube-proxy makes of the service below.
const serviceRule = "-A KUBE-SERVICES -d 198.51.100.200/32 -p tcp "

var apiObjects = map[string]string{
	"/api/v1/nodes": `{"kind": "NodeList", "apiVersion": "v1", "metadata": {"resourceVersion": "1"}, "items": [{
		"metadata": {"name": "node", "resourceVersion": "1"},
		"status": {"addresses": [{"type": "InternalIP", "address": "192.0.2.2"}]}}]}`,
	"/api/v1/services": `{"kind": "ServiceList", "apiVersion": "v1", "metadata": {"resourceVersion": "1"}, "items": [{
		"metadata": {"name": "web", "namespace": "default", "resourceVersion": "1"},
		"spec": {"type": "ClusterIP", "clusterIP": "198.51.100.200", "clusterIPs": ["198.51.100.200"], "ipFamilies": ["IPv4"],
			"ports": [{"protocol": "TCP", "port": 80, "targetPort": 8080}]}}]}`,
	"/apis/discovery.k8s.io/v1/endpointslices": `{"kind": "EndpointSliceList", "apiVersion": "discovery.k8s.io/v1",
		"metadata": {"resourceVersion": "1"}, "items": [{
		"metadata": {"name": "web", "namespace": "default", "resourceVersion": "1", "labels": {"kubernetes.io/service-name": "web"}},
		"addressType": "IPv4", "endpoints": [{"addresses": ["192.0.2.2"], "conditions": {"ready": true}}],
		"ports": [{"name": "", "protocol": "TCP", "port": 8080}]}]}`,
	"/apis/networking.k8s.io/v1/servicecidrs": `{"kind": "ServiceCIDRList", "apiVersion": "networking.k8s.io/v1",
		"metadata": {"resourceVersion": "1"}, "items": []}`,
}

// serveAPI answers lists, and watches in which nothing ever happens.
func serveAPI() error {
	listener, err := net.Listen("tcp", apiAddress)
	if err != nil {
		return err
	}
	go http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		objects, known := apiObjects[r.URL.Path]
		switch {
		case r.Method == http.MethodPost: // an event, which the client gets back
			w.WriteHeader(http.StatusCreated)
			io.Copy(w, r.Body)
		case !known:
			http.NotFound(w, r)
		case r.URL.Query().Get("watch") != "":
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		default:
			io.WriteString(w, objects)
		}
	}))
	return nil
}

// proxyArguments: what kube-proxy would write to sysctls is left out, which its container may not.
var proxyArguments = []string{
	"--master=http://" + apiAddress,
	"--kube-api-content-type=application/json",
	"--feature-gates=WatchListClient=false", // serveAPI has lists
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

// checkProxy: kube-proxy's rules are in the node's mode, and in no other.
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
