// Command agent represents a program in a container that edits its host's firewall with iptables. It repeatedly adds
// rules and lists them, with all six applets and in both families, and records each call.
//
// Usage: agent NUMBER DIRECTORY [look]
//
// With "look", it first calls each applet with -V. It adds rules only when the file DIRECTORY/write exists.
//
// It writes the calls to DIRECTORY/NUMBER.json. When the file DIRECTORY/stop exists, it writes DIRECTORY/NUMBER.done
// and exits. The number, 0 to 255, is part of the addresses in its rules, so that each rule shows which agent wrote it.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/iptables-wrappers/iptables-wrappers/tests/kubelet/agent/call"
)

func main() {
	if err := run(os.Args[1], os.Args[2], len(os.Args) > 3); err != nil {
		fmt.Fprintln(os.Stderr, "agent:", err)
		os.Exit(1)
	}
}

func run(number, dir string, listFirst bool) error {
	file, err := os.OpenFile(filepath.Join(dir, number+".json"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer file.Close()
	a := agent{number: number, out: json.NewEncoder(file)}
	if listFirst {
		a.versions("iptables")
		a.versions("ip6tables")
		for !exists(dir, "write") {
			time.Sleep(20 * time.Millisecond)
		}
	}
	for !exists(dir, "stop") {
		a.round()
		time.Sleep(200 * time.Millisecond)
	}
	return errors.Join(a.err, os.WriteFile(filepath.Join(dir, number+".done"), nil, 0o644))
}

func exists(dir, name string) bool {
	_, err := os.Stat(filepath.Join(dir, name))
	return err == nil
}

type agent struct {
	number string
	rules  int // number of rules written in each family
	out    *json.Encoder
	err    error
}

// round adds two rules in each family, lists them, and calls each applet with -V.
func (a *agent) round() {
	for _, family := range []struct{ name, address string }{
		{"iptables", "10.%s.%d.%d/32"},
		{"ip6tables", "fd00:%s:%d::%d/128"},
	} {
		rule := func(n int) string {
			return fmt.Sprintf("-A OUTPUT -d "+family.address+" -j ACCEPT", a.number, n/250+1, n%250+1)
		}
		added, restored := rule(a.rules), rule(a.rules+1)
		c, _ := do("", family.name, append([]string{"-w", "5"}, strings.Fields(added)...)...)
		c.Wrote = added
		a.record(c)
		c, _ = do("*filter\n"+restored+"\nCOMMIT\n", family.name+"-restore", "-w", "5", "--noflush")
		c.Wrote = restored
		a.record(c)
		c, listed := do("", family.name+"-save", "-t", "filter")
		for _, rule := range []string{added, restored} {
			if !strings.Contains(listed, rule+"\n") {
				c.Missed = rule
			}
		}
		a.record(c)
		a.versions(family.name)
	}
	a.rules += 2
}

// versions calls each applet of a family with -V.
func (a *agent) versions(family string) {
	for _, suffix := range []string{"", "-save", "-restore"} {
		c, version := do("", family+suffix, "--version")
		switch {
		case strings.Contains(version, "(nf_tables)"):
			c.Mode = "nft"
		case strings.Contains(version, "(legacy)"):
			c.Mode = "legacy"
		}
		a.record(c)
	}
}

// do calls an applet that it finds in PATH.
func do(stdin, applet string, args ...string) (call.Call, string) {
	cmd := exec.Command(applet, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &stdout, &stderr
	c := call.Call{Applet: applet, Start: time.Now()}
	err := cmd.Run()
	c.Problem = strings.TrimSpace(stderr.String())
	if err != nil {
		c.Problem = strings.Join(args, " ") + ": " + err.Error() + ": " + c.Problem
	}
	if path, err := exec.LookPath("iptables"); err != nil {
		c.Problem += " " + err.Error()
	} else if c.LeadsTo, err = filepath.EvalSymlinks(path); err != nil {
		c.Problem += " " + err.Error()
	}
	return c, stdout.String()
}

func (a *agent) record(c call.Call) {
	if err := a.out.Encode(c); err != nil && a.err == nil {
		a.err = err
	}
}
