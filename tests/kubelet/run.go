package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// runNode runs the whole test sequence on one node: containers on an empty node; then rules in the mode that kubelet
// does not use; then pods under a kubelet that creates no chains yet, so that they wait; then the same kubelet with its
// chains.
func runNode(in inputs, mode, dir string) error {
	n, err := newNode(in, mode, dir)
	if err != nil {
		return err
	}
	findings, wrong, took, err := n.sequence()
	if err != nil {
		return errors.Join(err, n.printLogs())
	}
	fmt.Printf("kubelet %s with iptables of mode %s: its chain was there %.1f s after its start\n", n.version, n.mode, took.Seconds())
	return printTable(findings, wrong)
}

// sequence runs the sequence of runNode. It returns the findings about each container, the errors of the manifests and chains,
// and how long kubelet took to create its chain.
func (n *node) sequence() (findings []finding, wrong []string, took time.Duration, err error) {
	if err := n.startContainerd(); err != nil {
		return nil, nil, 0, err
	}
	api, err := n.startAPI()
	if err != nil {
		return nil, nil, 0, err
	}
	if wrong, err = n.checkManifests(api); err != nil {
		return nil, nil, 0, err
	}
	if err := n.createProxyObjects(api); err != nil {
		return nil, nil, 0, err
	}
	early, pods, proxy := containers(n.images)
	example, impatient := examplePods(n.images)
	if err := n.guess(early); err != nil {
		return nil, nil, 0, err
	}
	if err := n.addOtherRules(); err != nil {
		return nil, nil, 0, err
	}
	if err := n.letWait(append(pods, proxy, example), impatient); err != nil {
		return nil, nil, 0, err
	}
	h, err := n.makeChain()
	if err != nil {
		return nil, nil, 0, err
	}
	all := append(early, pods...)
	if err := n.waitForCalls(all, 3*callsOfRound, h.chain); err != nil {
		return nil, nil, 0, err
	}
	if err := n.waitForProxy(); err != nil {
		return nil, nil, 0, err
	}
	for _, c := range []*container{example, impatient} {
		if err := n.waitForRule(c); err != nil {
			return nil, nil, 0, err
		}
	}
	wrong = append(wrong, n.checkChains()...)
	rules, err := n.endAgents(all)
	if err != nil {
		return nil, nil, 0, err
	}
	for _, c := range all {
		findings = append(findings, n.check(c, h, rules))
	}
	findings = append(findings, n.checkProxy(proxy, h, rules), n.checkExample(example, h, rules), n.checkExample(impatient, h, rules))
	return findings, wrong, h.chain.Sub(h.kubelet), nil
}

// callsOfRound is the number of calls that an agent makes before it pauses: six in each family.
const callsOfRound = 12

// guess starts containers on the empty node. Each must make its first call before any rule exists, because a container
// that sees rules does not have to guess. So all but one only list rules at first, and the last one then writes at
// once.
func (n *node) guess(early []*container) error {
	for _, c := range early[1:] {
		if err := n.runDirectly(c, "look"); err != nil {
			return err
		}
		if err := n.waitForCalls([]*container{c}, 1, time.Time{}); err != nil {
			return err
		}
	}
	if err := n.runDirectly(early[0]); err != nil {
		return err
	}
	if err := n.waitForCalls(early[:1], callsOfRound, time.Time{}); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(n.calls, "write"), nil, 0o644); err != nil {
		return err
	}
	return n.waitForCalls(early, 2*callsOfRound, time.Time{})
}

// letWait starts pods under a kubelet that does not create its chains. It returns when their init containers are
// running, or have ended, which is reported as an error later. For the impatient pod, it returns when the init
// container has ended and waits again.
func (n *node) letWait(pods []*container, impatient *container) error {
	kubelet, err := n.startKubelet(false)
	if err != nil {
		return err
	}
	for _, c := range append(pods, impatient) {
		add := n.addPod
		if c.example != "" {
			add = n.addExample
		}
		if err := add(c); err != nil {
			return err
		}
	}
	for _, c := range pods {
		err := wait("init container of "+c.name(), func() (bool, error) {
			status, err := c.status()
			return err == nil && len(status.Init) == 1 && (status.Init[0].State.Running != nil || status.Init[0].State.Terminated != nil), err
		})
		if err != nil {
			return err
		}
	}
	if err := n.waitForRestart(impatient); err != nil {
		return err
	}
	return stop(kubelet)
}

// makeChain starts kubelet with its chains.
func (n *node) makeChain() (history, error) {
	hint := func() (bool, error) { return hasChain(n.mode, "ip", "KUBE-IPTABLES-HINT"), nil }
	if found, _ := hint(); found {
		return history{}, errors.New("kubelet created its chain although its configuration disables it")
	}
	h := history{kubelet: time.Now()}
	if _, err := n.startKubelet(true); err != nil {
		return h, err
	}
	err := wait("kubelet's chain", hint)
	h.chain = time.Now()
	return h, err
}

// endAgents stops all agents, and returns the rules of both modes.
func (n *node) endAgents(all []*container) (map[string]string, error) {
	if err := os.WriteFile(filepath.Join(n.calls, "stop"), nil, 0o644); err != nil {
		return nil, err
	}
	for _, c := range all {
		err := wait("end of "+c.name(), func() (bool, error) {
			_, err := os.Stat(filepath.Join(n.calls, fmt.Sprint(c.number, ".done")))
			return err == nil, err
		})
		if err != nil {
			return nil, err
		}
	}
	rules := map[string]string{}
	for _, mode := range []string{"nft", "legacy"} {
		for _, applet := range []string{"iptables-save", "ip6tables-save"} {
			out, err := n.rules(mode, applet)
			if err != nil {
				return nil, err
			}
			rules[mode] += out
		}
	}
	return rules, nil
}

// rules returns the rules that the node's own binary of a mode lists.
func (n *node) rules(mode, applet string) (string, error) {
	return output("", "xtables-"+mode+"-multi", applet)
}

// printLogs prints the ends of the node's logs before they are removed: those of containerd, kubelet and the pods'
// containers.
func (n *node) printLogs() error {
	for _, pattern := range []string{"*.log", "logs/*/*/*.log"} {
		logs, err := filepath.Glob(filepath.Join(n.dir, pattern))
		if err != nil {
			return err
		}
		for _, log := range logs {
			text, err := os.ReadFile(log)
			if err != nil {
				return err
			}
			lines := strings.SplitAfter(string(text), "\n")
			fmt.Fprintf(os.Stderr, "--- the end of %s\n%s", log, strings.Join(lines[max(0, len(lines)-20):], ""))
		}
	}
	return nil
}
