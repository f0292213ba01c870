package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
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
		for _, name := range []string{"containerd", "kubelet"} {
			n.printLog(name)
		}
		return err
	}
	fmt.Printf("kubelet %s with iptables of mode %s: its chain was there %.1f s after its start\n", n.version, n.mode, took.Seconds())
	return printTable(findings, wrong)
}

func (n *node) story() (findings []finding, wrong []string, took time.Duration, err error) {
	if err := n.startContainerd(); err != nil {
		return nil, nil, 0, err
	}
	early, pods := containers(n.images)
	if err := n.guess(early); err != nil {
		return nil, nil, 0, err
	}
	if err := n.addStrangers(); err != nil {
		return nil, nil, 0, err
	}
	if err := n.letWait(pods); err != nil {
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
	wrong = n.checkChains()
	rules, err := n.endAgents(all)
	if err != nil {
		return nil, nil, 0, err
	}
	for _, c := range all {
		findings = append(findings, n.check(c, h, rules))
	}
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
// ended, which is wrong and will be told.
func (n *node) letWait(pods []*container) error {
	kubelet, err := n.startKubelet(false)
	if err != nil {
		return err
	}
	for _, c := range pods {
		if err := n.addPod(c); err != nil {
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
			out, err := output("", "xtables-"+mode+"-multi", applet)
			if err != nil {
				return nil, err
			}
			rules[mode] += out
		}
	}
	return rules, nil
}

func printTable(findings []finding, wrong []string) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "IMAGE\tROOT\tSTARTED\tBEFORE THE CHAIN\tCALLS SINCE\tMODE SINCE\tIPTABLES LEADS TO\tINIT CONTAINER\t")
	for _, f := range findings {
		root, started := "writable", "by kubelet"
		if f.container.readOnly {
			root = "read-only"
		}
		if f.container.early {
			started = "before kubelet"
		}
		mark := "ok"
		if len(f.wrong) > 0 {
			mark = "WRONG"
			wrong = append(wrong, f.summary()...)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%s\t%s\t%s\t%s\n", f.container.image.name, root, started,
			list(f.before), f.calls, list(f.used), f.leadsTo, f.init, mark)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, line := range wrong {
		fmt.Println("WRONG:", line)
	}
	fmt.Println()
	if len(wrong) > 0 {
		return errDiffers
	}
	return nil
}

// summary: the first differences say it all.
func (f *finding) summary() (lines []string) {
	for i, line := range f.wrong {
		if i == 3 {
			lines = append(lines, fmt.Sprintf("%s: and %d more", f.container.name(), len(f.wrong)-i))
			break
		}
		lines = append(lines, f.container.name()+": "+line)
	}
	return lines
}

func list(words []string) string {
	if len(words) == 0 {
		return "-"
	}
	return strings.Join(words, ", ")
}

// printLog prints the end of a log of the node, which will be gone.
func (n *node) printLog(name string) {
	text, err := os.ReadFile(filepath.Join(n.folder, name+".log"))
	if errors.Is(err, os.ErrNotExist) {
		return
	}
	lines := strings.SplitAfter(string(text), "\n")
	fmt.Fprintf(os.Stderr, "--- the end of what %s said\n%s", name, strings.Join(lines[max(0, len(lines)-20):], ""))
}
