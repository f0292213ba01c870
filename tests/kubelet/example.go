package main

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"

	"sigs.k8s.io/yaml"
)

// countedAddress is the address that the agent of examples/kubernetes/daemonset.yaml counts. The manifest contains the
// same address.
const countedAddress = "169.254.169.254"

// examplePods returns the example, and a copy that waits for kubelet's chain so briefly that kubelet has to restart it.
func examplePods(images []image) (example, impatient *container) {
	return &container{image: images[0], readOnly: true, example: "example", address: countedAddress, limit: "60s"},
		&container{image: images[0], readOnly: true, example: "impatient", address: "169.254.169.253", limit: "1s"}
}

// releasedImage matches an image's name in a manifest, with its variant and Debian's release.
var releasedImage = regexp.MustCompile(`image: (ghcr\.io/iptables-wrappers/iptables-([a-z]+):trixie-v\S+)`)

// addExample passes the pod template of the manifest to kubelet, unchanged except for the pod's name. containerd has
// the image that was just built under the released image's name, so only two words of the copy are replaced. The fields
// that a DaemonSet's controller adds and that an API server sets (service account, priority) are missing.
func (n *node) addExample(c *container) error {
	text, err := os.ReadFile(n.example)
	if err != nil {
		return err
	}
	manifest := strings.NewReplacer(countedAddress, c.address, "60s", c.limit).Replace(string(text))
	for _, name := range releasedImage.FindAllStringSubmatch(manifest, -1) {
		if name[2] != c.image.name {
			return fmt.Errorf("%s: image %s is not %s", n.example, name[1], c.image.name)
		}
		if _, err := ctr("images", "tag", "--force", "docker.io/"+c.image.reference, name[1]); err != nil {
			return err
		}
	}
	var set struct {
		Spec struct {
			Template struct {
				Metadata map[string]any `json:"metadata"`
				Spec     map[string]any `json:"spec"`
			} `json:"template"`
		} `json:"spec"`
	}
	if err := yaml.Unmarshal([]byte(manifest), &set); err != nil {
		return fmt.Errorf("%s: %w", n.example, err)
	}
	template := set.Spec.Template
	if template.Metadata == nil || template.Spec == nil {
		return fmt.Errorf("%s: no pod template", n.example)
	}
	template.Metadata["name"], template.Metadata["namespace"] = c.name(), "kube-system"
	pod, err := yaml.Marshal(map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": template.Metadata, "spec": template.Spec})
	if err != nil {
		return err
	}
	return n.writeManifest(c, pod)
}

// waitForRestart waits until kubelet restarts the copy's init container, which exits with 1 without the chain.
func (n *node) waitForRestart(c *container) error {
	return wait("second start of the init container of "+c.name(), func() (bool, error) {
		status, err := c.status()
		if err != nil || len(status.Init) != 1 || status.Init[0].RestartCount == 0 {
			return false, err
		}
		last := status.Init[0].LastState.Terminated
		if last == nil || last.ExitCode != 1 {
			return true, fmt.Errorf("%s: its init container ended without the chain, but not with status 1: %+v", c.name(), last)
		}
		return true, nil
	})
}

func (c *container) rule() string { return "-A FORWARD -d " + c.address + "/32" }

// waitForRule waits until an example's agent has added its rule.
func (n *node) waitForRule(c *container) error {
	return wait("rule of "+c.name(), func() (bool, error) {
		rules, err := n.filterRules()
		return err != nil || len(holders(rules, c.rule())) > 0, err
	})
}

func (n *node) filterRules() (map[string]string, error) {
	rules := map[string]string{}
	for _, mode := range []string{"nft", "legacy"} {
		text, err := n.rules(mode, "iptables-save")
		if err != nil {
			return nil, err
		}
		rules[mode] = text
	}
	return rules, nil
}

// checkExample checks that the agent's rule is in the node's mode only, and that its process has only the documented
// privileges. When the agent is stopped, it must remove its rule.
func (n *node) checkExample(c *container, h history, rules map[string]string) finding {
	f := finding{container: c, used: holders(rules, c.rule())}
	if len(f.used) != 1 || f.used[0] != n.mode {
		f.differs("its rule is in %v", f.used)
	}
	if err := errors.Join(n.checkWait(&f, h), n.checkRights(&f), n.checkEnd(&f)); err != nil {
		f.differs("%v", err)
	}
	return f
}

func (n *node) checkWait(f *finding, h history) error {
	status, err := f.container.status()
	if err != nil {
		return err
	}
	if len(status.Init) != 1 || status.Init[0].State.Terminated == nil {
		return errors.New("init container: has not ended")
	}
	exit, restarts := status.Init[0].State.Terminated.ExitCode, status.Init[0].RestartCount
	said, at, err := n.said(f.container, "wait-for-kubelet")
	if err != nil {
		return err
	}
	f.init = fmt.Sprintf("exit %d, %d restarts", exit, restarts)
	if exit != 0 || (restarts == 0) != (f.container.limit == "60s") {
		f.differs("init container: %s", f.init)
	}
	if !strings.Contains(said, "mode:      "+n.mode+"\nreason:    kubelet-chain ") {
		f.differs("init container: said %q", said)
	}
	if at.Before(h.kubelet) {
		f.differs("init container: done %.1f s before kubelet with the chain was started", h.kubelet.Sub(at).Seconds())
	}
	return nil
}

// checkEnd removes the manifest. kubelet must then stop the pod, and the rule must be removed.
func (n *node) checkEnd(f *finding) error {
	if err := os.Remove(n.manifest(f.container)); err != nil {
		return err
	}
	start := time.Now()
	err := wait("end of the rule of "+f.container.name(), func() (bool, error) {
		rules, err := n.filterRules()
		return err != nil || len(holders(rules, f.container.rule())) == 0, err
	})
	if took := time.Since(start); err == nil && took > 10*time.Second {
		f.differs("it took %v to end after the signal", took)
	}
	return err
}
