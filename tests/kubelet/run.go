package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// runNode is the story of one node. Containers come first, to an empty node; then rules of the mode that is not kubelet's;
// then a kubelet that makes no chains yet, so that pods can be waiting for them; then the same kubelet with its chains.
func runNode(in inputs, mode, folder string) error {
	n, err := newNode(in, mode, folder)
	if err != nil {
		return err
	}
	findings, wrong, took, err := n.story()
	if err != nil {
		return errors.Join(err, n.printLogs())
	}
	fmt.Printf("kubelet %s with iptables of mode %s: its chain was there %.1f s after its start\n", n.version, n.mode, took.Seconds())
	return printTable(findings, wrong)
}

func (n *node) story() (findings []finding, wrong []string, took time.Duration, err error) {
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
	if err := n.tellProxy(api); err != nil {
		return nil, nil, 0, err
	}
	early, pods, proxy := containers(n.images)
	example, impatient := examplePods(n.images)
	if err := n.guess(early); err != nil {
		return nil, nil, 0, err
	}
	if err := n.addStrangers(); err != nil {
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

// callsOfRound is how many calls an agent makes before it rests: six in each family.
const callsOfRound = 12

// guess starts containers on the empty node. Each makes its first call there, since one that comes to others' rules does not
// have to guess: all but one only look at first, and then that one writes at once.
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

// letWait starts pods under a kubelet that does not make its chains, and leaves them when their init containers run or have
// ended, which is wrong and will be told. The impatient one is left when it has ended and waits once more.
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
		return history{}, errors.New("kubelet made its chain although it was told not to")
	}
	h := history{kubelet: time.Now()}
	if _, err := n.startKubelet(true); err != nil {
		return h, err
	}
	err := wait("kubelet's chain", hint)
	h.chain = time.Now()
	return h, err
}

// endAgents returns the rules of both modes when no agent writes any more.
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

// rules returns what the node's own binary of a mode lists.
func (n *node) rules(mode, applet string) (string, error) {
	return output("", "xtables-"+mode+"-multi", applet)
}

// printLogs prints the ends of the node's logs, which will be gone: containerd's, kubelet's and those of the pods' containers.
func (n *node) printLogs() error {
	for _, pattern := range []string{"*.log", "logs/*/*/*.log"} {
		logs, err := filepath.Glob(filepath.Join(n.folder, pattern))
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
