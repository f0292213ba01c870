package packages_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
	"github.com/iptables-wrappers/iptables-wrappers/tests/roots"
	"github.com/iptables-wrappers/iptables-wrappers/tools/fixture"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
)

// rpm runs the machine's rpm on the root. As in an image build, it reads the packages outside, and runs their scripts
// inside with the root's shell and commands.
func (m *machine) rpm(args ...string) (said string, err error) {
	argv := append([]string{"--root", m.root, "--dbpath", "/var/lib/rpm", "--nosignature"}, args...)
	out, err := exec.Command("rpm", argv...).CombinedOutput()
	for line := range strings.Lines(string(out)) {
		// Debian's rpm recommends another command, and some versions print a warning about a feature that is not needed
		// here.
		if !strings.HasPrefix(line, "rpm: ") && line != "warning: private mounts in chroot not implemented\n" {
			said += line
		}
	}
	return strings.TrimSpace(said), err
}

func (m *machine) mustRPM(args ...string) {
	if out, err := m.rpm(args...); err != nil || out != "" {
		panic(failure(strings.Join(args, " ") + ": " + out))
	}
}

// iptables makes an .rpm with symlinks to the nft binary as RHEL 8 has them. The binaries themselves are Debian's and
// are already in the root.
func iptables(t *testing.T, version string, owned []string) (file string) {
	t.Helper()
	p := fixture.Package{Name: "iptables", Version: version + "-1", Architecture: "x86_64"}
	for _, name := range owned {
		p.Files = append(p.Files, archive.File{Name: "usr/sbin/" + name, Type: archive.Symlink, Mode: 0o777, Link: "xtables-nft-multi"})
	}
	data, err := p.RPM(nil)
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "iptables.rpm")
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// onRPM calls f in a root with rpm's database and Debian's binaries of both modes. owned are the commands that an
// iptables package contains: all of them, or none if they are alternatives.
func onRPM(t *testing.T, owned []string, f func(m *machine, rpm, newer string)) {
	needs.Machine(t, "root", "rpm")
	archives := roots.Debians(t)
	rpm, newer := needs.Variable(t, "RPM"), needs.Variable(t, "NEWER_RPM")
	file := iptables(t, "1.8.11", owned)
	on(t, rootOf(t, archives[len(archives)-1]), func(m *machine) {
		for _, group := range groups {
			m.run(alts, "--remove-all", group)
		}
		// Fedora's package filesystem contains these directories. rpm does not remove directories that belong to no
		// package.
		for _, dir := range []string{"bash-completion/completions", "fish/vendor_completions.d", "licenses", "man/man8", "zsh/site-functions"} {
			if err := os.MkdirAll(filepath.Join(m.root, "usr/share", dir), 0o755); err != nil {
				panic(failure(err.Error()))
			}
		}
		m.mustRPM("--initdb")
		if out, err := m.rpm("--install", rpm); err == nil || !strings.Contains(out, "iptables >= 1.8.4 is needed by") {
			m.t.Errorf("without iptables: %v: rpm printed\n%s", err, out)
		}
		m.mustRPM("--install", file)
		f(m, rpm, newer)
	})
}
