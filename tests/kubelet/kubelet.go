package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"text/template"

	"golang.org/x/sys/unix"
)

// A kubelet without an API server, which reads pods from a directory. Its protection against a full disk is disabled,
// because a test must not depend on free space. So are cgroups for pod classes, of which there is only one.
var kubeletConfig = template.Must(template.New("config").Parse(`apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: 127.0.0.1
authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
authorization: {mode: AlwaysAllow}
readOnlyPort: 10255
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
cgroupDriver: cgroupfs
cgroupsPerQOS: false
enforceNodeAllocatable: []
evictionHard: {memory.available: 0%, nodefs.available: 0%, imagefs.available: 0%}
failCgroupV1: false
failSwapOn: false
fileCheckFrequency: 1s
imageGCHighThresholdPercent: 100
localStorageCapacityIsolation: false
makeIPTablesUtilChains: {{.Chains}}
oomScoreAdj: 0
podLogsDir: {{.Dir}}/logs
registerNode: false
resolvConf: ""
staticPodPath: {{.Dir}}/pods
`))

// podManifest is a pod that edits its node's firewall. Its init container waits for kubelet's chain, as
// examples/kubernetes/README.md recommends.
var podManifest = template.Must(template.New("pod").Parse(`apiVersion: v1
kind: Pod
metadata: {name: {{.Name}}, namespace: default}
spec:
  hostNetwork: true
  restartPolicy: Never
  terminationGracePeriodSeconds: 0
  initContainers:
  - name: wait
    image: {{.Image}}
    imagePullPolicy: Never
    command: [iptables-wrapper, detect, --wait, 60s, --output, json]
    securityContext: &security
      readOnlyRootFilesystem: {{.ReadOnly}}
      capabilities: {drop: [ALL], add: [NET_ADMIN, NET_RAW]}
  containers:
  - name: program
    image: {{.Image}}
    imagePullPolicy: Never
    command: [/program{{range .Arguments}}, "{{.}}"{{end}}]
    securityContext: *security
    volumeMounts:
    - {name: program, mountPath: /program, readOnly: true}
    - {name: calls, mountPath: /calls}
    - {name: lock, mountPath: /run/xtables.lock}
  volumes:
  - {name: program, hostPath: {path: {{.Program}}, type: File}}
  - {name: calls, hostPath: {path: {{.Calls}}, type: Directory}}
  - {name: lock, hostPath: {path: /run/xtables.lock, type: FileOrCreate}}
`))

// startKubelet starts kubelet, with or without its chains. Its PATH contains only iptables of the node's mode.
func (n *node) startKubelet(chains bool) (*exec.Cmd, error) {
	config := filepath.Join(n.dir, "kubelet.yaml")
	data := struct {
		Chains bool
		Dir    string
	}{chains, n.dir}
	if err := fill(config, kubeletConfig, data); err != nil {
		return nil, err
	}
	env := []string{"PATH=" + filepath.Join(n.dir, "bin") + ":/usr/bin:/bin"}
	return n.start("kubelet", env, n.kubelet, "--config="+config, "--hostname-override=node", "--node-ip=192.0.2.2")
}

func stop(cmd *exec.Cmd) error {
	if err := cmd.Process.Signal(unix.SIGTERM); err != nil {
		return err
	}
	cmd.Wait() // its exit status does not matter when it is stopped
	return nil
}

func (n *node) addPod(c *container) error {
	program, arguments := n.agent, []string{fmt.Sprint(c.number), "/calls"}
	if c.proxy {
		program, arguments = n.proxy, proxyArguments
	}
	data := struct {
		Name, Image, Program, Calls string
		Arguments                   []string
		ReadOnly                    bool
	}{c.name(), c.image.reference, program, n.calls, arguments, c.readOnly}
	var manifest bytes.Buffer
	if err := podManifest.Execute(&manifest, data); err != nil {
		return err
	}
	return n.writeManifest(c, manifest.Bytes())
}

// writeManifest writes a manifest atomically. kubelet reads every file in the directory except hidden ones
// (pkg/kubelet/config/file.go), so the temporary file is hidden.
func (n *node) writeManifest(c *container, text []byte) error {
	hidden := filepath.Join(n.dir, "pods", ".new")
	if err := os.WriteFile(hidden, text, 0o644); err != nil {
		return err
	}
	return os.Rename(hidden, n.manifest(c))
}

func (n *node) manifest(c *container) string {
	return filepath.Join(n.dir, "pods", c.name()+".yaml")
}

func fill(path string, text *template.Template, data any) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	return text.Execute(file, data)
}

// podStatus contains the used fields of kubelet's pod status.
type podStatus struct {
	Init       []containerStatus `json:"initContainerStatuses"`
	Containers []containerStatus `json:"containerStatuses"`
}

type containerStatus struct {
	ContainerID      string
	RestartCount     int
	State, LastState struct {
		Running, Terminated *struct{ ExitCode int }
	}
}

// status returns the status of the container's pod, as kubelet reports it over HTTP. The pod is a static pod: kubelet
// reads its manifest from a directory, and appends the node's name to the pod's name.
func (c *container) status() (podStatus, error) {
	response, err := http.Get("http://127.0.0.1:10255/pods")
	if err != nil {
		return podStatus{}, err
	}
	defer response.Body.Close()
	var pods struct {
		Items []struct {
			Metadata struct{ Name string }
			Status   podStatus
		}
	}
	if err := json.NewDecoder(response.Body).Decode(&pods); err != nil {
		return podStatus{}, err
	}
	for _, pod := range pods.Items {
		if pod.Metadata.Name == c.name()+"-node" {
			return pod.Status, nil
		}
	}
	return podStatus{}, fmt.Errorf("pod %s: not known to kubelet", c.name())
}
