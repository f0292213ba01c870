package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/iptables-wrappers/iptables-wrappers/tests/kubelet/agent/call"
)

// container is a container of an image under test, with an agent or kube-proxy in it.
type container struct {
	number   int
	image    image
	readOnly bool
	early    bool // started directly, before kubelet
	proxy    bool

	// Of the pods that are made of examples/kubernetes:
	example string // name
	address string // address in the agent's rule
	limit   string // time for which the init container waits
}

// containers returns agents of each kind. There can be only one kube-proxy. It has the smaller image and the fewest
// privileges.
func containers(images []image) (early, pods []*container, proxy *container) {
	number := 0
	for _, image := range images {
		for _, readOnly := range []bool{false, true} {
			early = append(early, &container{number: number + 1, image: image, readOnly: readOnly, early: true})
			pods = append(pods, &container{number: number + 2, image: image, readOnly: readOnly})
			number += 2
		}
	}
	return early, pods, &container{image: images[len(images)-1], readOnly: true, proxy: true}
}

func (c *container) name() string {
	if c.example != "" {
		return c.example
	}
	words := []string{c.image.name, "writable", "pod"}
	if c.readOnly {
		words[1] = "readonly"
	}
	if c.early {
		words[2] = "early"
	}
	if c.proxy {
		words[2] = "proxy"
	}
	return strings.Join(words, "-")
}

// recorded returns the calls that a container's agent has made so far.
func (n *node) recorded(c *container) ([]call.Call, error) {
	text, err := os.ReadFile(filepath.Join(n.calls, fmt.Sprint(c.number, ".json")))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	var calls []call.Call
	for line := range strings.Lines(string(text)) {
		if !strings.HasSuffix(line, "\n") {
			break // being written
		}
		var one call.Call
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			return nil, err
		}
		calls = append(calls, one)
	}
	return calls, nil
}

// waitForCalls waits until each container's agent has made count calls after a time.
func (n *node) waitForCalls(list []*container, count int, since time.Time) error {
	for _, c := range list {
		err := wait(fmt.Sprintf("%d calls of %s", count, c.name()), func() (bool, error) {
			calls, err := n.recorded(c)
			return err != nil || len(from(calls, since)) >= count, err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// from returns the calls that began at or after a time.
func from(calls []call.Call, since time.Time) []call.Call {
	for i, one := range calls {
		if !one.Start.Before(since) {
			return calls[i:]
		}
	}
	return nil
}

// verdict is the output of the init container of a pod.
type verdict struct {
	Mode, Reason string
	Pin          bool
	at           time.Time
	exitCode     int
}

// verdict parses the output of the init container.
func (n *node) verdict(c *container) (verdict, error) {
	var v verdict
	status, err := c.status()
	if err != nil {
		return v, err
	}
	if len(status.Init) != 1 || status.Init[0].State.Terminated == nil {
		return v, errors.New("has not ended")
	}
	v.exitCode = status.Init[0].State.Terminated.ExitCode
	report, at, err := n.said(c, "wait")
	if err != nil {
		return v, err
	}
	v.at = at
	return v, json.Unmarshal([]byte(report), &v)
}

// said returns the standard output of a container of a pod, and the time of its last line. Output on standard error is
// an error.
func (n *node) said(c *container, name string) (said string, at time.Time, err error) {
	text, err := n.podLog(c, name)
	if err != nil {
		return "", at, err
	}
	var lines strings.Builder
	for line := range strings.Lines(text) {
		words := strings.SplitN(line, " ", 4)
		if len(words) != 4 || words[1] != "stdout" {
			return "", at, fmt.Errorf("said %q", line)
		}
		if at, err = time.Parse(time.RFC3339Nano, words[0]); err != nil {
			return "", at, err
		}
		lines.WriteString(words[3])
	}
	return lines.String(), at, nil
}

// podLog returns the log of a container of a pod in containerd's format: each line has a time, a stream, and F before
// it. If the container was restarted, it returns the last log; kubelet numbers the logs.
func (n *node) podLog(c *container, name string) (string, error) {
	logs, err := filepath.Glob(filepath.Join(n.dir, "logs", "*_"+c.name()+"-node_*", name, "*.log"))
	if err != nil {
		return "", err
	}
	if len(logs) == 0 || len(logs) > 1 && c.limit != "1s" {
		return "", fmt.Errorf("%s: %d logs, not 1", name, len(logs))
	}
	text, err := os.ReadFile(logs[len(logs)-1])
	return string(text), err
}
