package lint_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// .ci/skips fails a job of ci.yaml that skips more than the list of its allowed skips.
func TestAllowedSkips(t *testing.T) {
	const (
		foreign  = "   84  //images: executes the programs of another architecture: ./bazelw run //tests/foreign does\n"
		unlocked = "   27  Alpine 3.22: no lock yet, ./bazelw run //tools/lock -- alpine 3.22 makes one\n"
		apk      = "    1  //tools/lock:apk_test: this machine lacks a program that it needs\n"
		kernels  = "    1  //tests/kernels:forky_test: this machine lacks a program that it needs\n"
		commits  = "    1  //tools/lint:subjects_test: the checkout is a shallow clone or no clone: git fetch --unshallow\n"
		lost     = "    2  //images/debian:trixie_size_test: this machine lacks a program that it needs\n"
	)
	script := filepath.Join(checkout(t), ".ci/skips")
	for _, c := range []struct {
		name, job, log string
		want           string // part of the message; "" for success
	}{
		{"nothing skipped", "images", "224 passed, 0 failed, 0 skipped\n", ""},
		{"all allowed", "ubuntu-24.04", "skipped:\n" + foreign + unlocked + apk + "224 passed, 0 failed, 112 skipped\n", ""},
		{"a failed test is not its concern", "airgap", "skipped:\n" + apk + "1 passed, 2 failed, 1 skipped\n", ""},
		{"allowed in another job", "images", "skipped:\n" + apk + "224 passed, 0 failed, 1 skipped\n", "//tools/lock:apk_test"},
		{"only amd64", "ubuntu-24.04-arm", "skipped:\n" + kernels + "224 passed, 0 failed, 1 skipped\n", ""},
		{"amd64", "ubuntu-24.04", "skipped:\n" + kernels + "224 passed, 0 failed, 1 skipped\n", "//tests/kernels:forky_test"},
		{"a shallow clone", "airgap", "skipped:\n" + commits + "224 passed, 0 failed, 1 skipped\n", ""},
		{"the job with all commits", "lint", "skipped:\n" + commits + "24 passed, 0 failed, 1 skipped\n", "//tools/lint:subjects_test"},
		{"in no list", "ubuntu-24.04", "skipped:\n" + foreign + lost + "224 passed, 0 failed, 86 skipped\n", "//images/debian:trixie_size_test"},
		{"without a reason", "ubuntu-24.04", "skipped:\n" + foreign + "224 passed, 0 failed, 85 skipped\n", "85 skipped tests, of which 84"},
		{"no output", "ubuntu-24.04", "", "no number of skipped tests"},
		{"no such job", "macos", "224 passed, 0 failed, 0 skipped\n", "not a job with a list"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd := exec.Command("bash", script, c.job)
			cmd.Stdin = strings.NewReader(c.log)
			out, err := cmd.CombinedOutput()
			if (err == nil) != (c.want == "") || !strings.Contains(string(out), c.want) {
				t.Errorf("%v, %q, want %q", err, out, c.want)
			}
		})
	}
}
