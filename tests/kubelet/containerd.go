package main

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

const pauseReference = "iptables-wrappers/pause:test"

// containerd's defaults are used with two exceptions. The sandbox image must be one that is available here. Sandboxes
// must not have a lower OOM score than containerd itself, because some machines do not permit that (without
// CAP_SYS_RESOURCE).
const containerdConfig = `version = 3
[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = '` + pauseReference + `'
[plugins.'io.containerd.cri.v1.runtime']
  restrict_oom_score_adj = true
`

// startContainerd starts containerd and imports the images.
func (n *node) startContainerd() error {
	config := filepath.Join(n.dir, "containerd.toml")
	if err := os.WriteFile(config, []byte(containerdConfig), 0o644); err != nil {
		return err
	}
	if _, err := n.start("containerd", os.Environ(), "containerd", "--config", config); err != nil {
		return err
	}
	if err := wait("containerd", func() (bool, error) {
		_, err := ctr("version")
		return err == nil, err
	}); err != nil {
		return err
	}
	pause := filepath.Join(n.dir, "pause.tar")
	if err := writePause(n.pause, pause); err != nil {
		return fmt.Errorf("pause image: %w", err)
	}
	for _, image := range append(n.images, image{archive: pause}) {
		if _, err := ctr("images", "import", image.archive); err != nil {
			return err
		}
	}
	return nil
}

// ctr runs containerd's own client in kubelet's namespace.
func ctr(args ...string) (string, error) {
	return output("", "ctr", append([]string{"--namespace", "k8s.io"}, args...)...)
}

// undropped are the capabilities, besides NET_RAW, that containerd's own client grants to containers.
const undropped = "CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL AUDIT_WRITE"

// runDirectly starts an agent without kubelet, with the same access as in a pod: the node's network, two capabilities
// and the lock.
func (n *node) runDirectly(c *container, agentArgs ...string) error {
	args := []string{"run", "--detach", "--null-io", "--with-ns", "network:/proc/1/ns/net", "--cap-add", "CAP_NET_ADMIN",
		"--mount", "type=bind,src=" + n.agent + ",dst=/agent,options=rbind:ro",
		"--mount", "type=bind,src=" + n.calls + ",dst=/calls,options=rbind:rw",
		"--mount", "type=bind,src=/run/xtables.lock,dst=/run/xtables.lock,options=rbind:rw"}
	for _, capability := range strings.Fields(undropped) {
		args = append(args, "--cap-drop", "CAP_"+capability)
	}
	if c.readOnly {
		args = append(args, "--read-only")
	}
	args = append(args, "docker.io/"+c.image.reference, c.name(), "/agent", fmt.Sprint(c.number), "/calls")
	_, err := ctr(append(args, agentArgs...)...)
	return err
}

// start starts a program of the node. Its output goes to a log.
func (n *node) start(name string, env []string, argv ...string) (*exec.Cmd, error) {
	log, err := os.OpenFile(filepath.Join(n.dir, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env, cmd.Stdout, cmd.Stderr = env, log, log
	return cmd, cmd.Start()
}

// writePause writes an archive in Docker's format of an image that contains only the program.
func writePause(program, archive string) error {
	content, err := os.ReadFile(program)
	if err != nil {
		return err
	}
	var files bytes.Buffer
	w := tar.NewWriter(&files)
	if err := w.WriteHeader(&tar.Header{Name: "pause", Mode: 0o755, Size: int64(len(content))}); err != nil {
		return err
	}
	if _, err := w.Write(content); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(files.Bytes())), nil })
	if err != nil {
		return err
	}
	config := &v1.ConfigFile{OS: "linux", Architecture: "amd64", Config: v1.Config{Entrypoint: []string{"/pause"}}}
	image, err := mutate.ConfigFile(empty.Image, config)
	if err != nil {
		return err
	}
	if image, err = mutate.AppendLayers(image, layer); err != nil {
		return err
	}
	tag, err := name.NewTag(pauseReference)
	if err != nil {
		return err
	}
	return tarball.WriteToFile(archive, tag, image)
}
