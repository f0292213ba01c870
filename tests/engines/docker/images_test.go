package docker_test

import (
	"archive/tar"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"strings"
	"testing"
	"text/tabwriter"
)

var applets = []string{"iptables", "iptables-save", "iptables-restore", "ip6tables", "ip6tables-save", "ip6tables-restore"}

// version is the end of the output of iptables -V in each mode.
var version = map[string]string{"nft": "(nf_tables)", "legacy": "(legacy)"}

// TestImages runs both images on hosts in both modes. The first call is a restore, which must keep its standard input.
func TestImages(t *testing.T) {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', 0)
	defer table.Flush()
	fmt.Fprintln(table, "CLIENT\tIMAGE\tHOST\tROOT\tMODE\tIPTABLES LEADS TO\tSTANDARD ERROR")
	for _, image := range []string{debian, distroless} {
		name, _, _ := strings.Cut(path.Base(image), ":")
		for _, mode := range []string{"nft", "legacy"} {
			for _, root := range []string{"writable", "read-only"} {
				t.Run(name+"/"+mode+"/"+root, func(t *testing.T) {
					leads := testImage(t, image, mode, root == "read-only")
					if !t.Failed() {
						fmt.Fprintf(table, "docker\t%s\t%s\t%s\t%s\t%s\tempty\n", name, mode, root, mode, path.Base(leads))
					}
				})
			}
		}
	}
}

// TestDefaultProfile checks that the other tests of images run with Docker's default seccomp profile and only two
// capabilities.
func TestDefaultProfile(t *testing.T) {
	h := newHost(t, "nft")
	if got := must(t, "", "info", "--format", "{{.SecurityOptions}}"); !strings.Contains(got, "name=seccomp,profile=builtin") {
		t.Errorf("docker info: %s", got)
	}
	status := h.must(nil, debian, "cat", "/proc/self/status")
	for _, line := range []string{"Seccomp:\t2\n", "CapEff:\t0000000000003000\n", "CapBnd:\t0000000000003000\n"} {
		if !strings.Contains(status, line) {
			t.Errorf("/proc/self/status has no %q:\n%s", line, status)
		}
	}
}

// testImage returns where iptables leads after the first call.
func testImage(t *testing.T, image, mode string, readOnly bool) string {
	h := newHost(t, mode)
	container := h.name + "-first"
	options := []string{"--interactive", "--name", container}
	if readOnly {
		options = append(options, "--read-only")
	}
	rules := "*filter\n-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\nCOMMIT\n"
	first := docker(t, rules, append(h.options(options...), image, "iptables-restore")...)
	t.Cleanup(func() { docker(t, "", "rm", "--force", container) })
	if first != (result{}) {
		t.Fatalf("first call: %+v, want silence", first)
	}

	for _, m := range []string{"nft", "legacy"} {
		saved := h.must(nil, image, "iptables-"+m+"-save")
		if got, want := strings.Contains(saved, "--dport 22"), m == mode; got != want {
			t.Errorf("rule restored in mode %s: %t, want %t:\n%s", m, got, want, saved)
		}
	}
	want := "/usr/sbin/xtables-" + mode + "-multi"
	if readOnly {
		want = "/usr/sbin/iptables-wrapper"
	}
	for _, applet := range applets {
		if got := follow(t, container, "/usr/sbin/"+applet); got != want {
			t.Errorf("%s leads to %s, want %s", applet, got, want)
		}
	}
	// Start the same container again for its second call, pinned or not.
	again := docker(t, rules, "start", "--attach", "--interactive", container)
	if again != (result{}) {
		t.Errorf("second call: %+v, want silence", again)
	}
	options = options[3:] // without the first three options
	for _, applet := range []string{"iptables", "ip6tables"} {
		r := h.run(options, image, applet, "-V")
		if r.status != 0 || r.stderr != "" || !strings.HasSuffix(strings.TrimSpace(r.stdout), version[mode]) {
			t.Errorf("%s -V: %+v, want %s", applet, r, version[mode])
		}
	}
	return want
}

// follow follows all symlinks of a path in a container's root file system.
func follow(t *testing.T, container, name string) string {
	t.Helper()
	for range 40 {
		target := readlink(t, container, name)
		if target == "" {
			return name
		}
		if !path.IsAbs(target) {
			target = path.Join(path.Dir(name), target)
		}
		name = target
	}
	t.Fatalf("%s: a loop of links", name)
	return ""
}

// readlink returns the target of a symlink in a container, or "" for another file. It works without a program in the
// container, and without running it.
func readlink(t *testing.T, container, name string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "docker", "cp", container+":"+name, "-")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	header, err := tar.NewReader(out).Next()
	if err != nil {
		t.Fatalf("docker cp %s: %v", name, err)
	}
	if _, err := io.Copy(io.Discard, out); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("docker cp %s: %v", name, err)
	}
	return header.Linkname
}
