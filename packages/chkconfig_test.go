package packages_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
)

// Fedora and RHEL 9 use chkconfig's alternatives program, which differs from Debian's. From Fedora 42 on, /usr/sbin is
// a symlink to bin. From 43 on, the database contains paths in /usr/bin.
func TestChkconfig(t *testing.T) {
	needs.Machine(t, "alternatives")
	for what, dir := range map[string]string{"apart": "/usr/sbin", "merged": "/usr/bin"} {
		t.Run(what, func(t *testing.T) {
			onRPM(t, nil, func(m *machine, rpm, newer string) {
				if dir == "/usr/bin" {
					m.merge()
				}
				program := "/usr/sbin/alternatives"
				m.bring("alternatives", program)
				if err := os.Remove(filepath.Join(m.root, alts)); err != nil {
					panic(failure(err.Error()))
				}
				for _, dir := range []string{"etc/alternatives", "var/lib/alternatives"} {
					if err := os.MkdirAll(filepath.Join(m.root, dir), 0o755); err != nil {
						panic(failure(err.Error()))
					}
				}
				for _, mode := range []string{"nft", "legacy"} {
					m.register(program, dir, "10", func(name string) string {
						family, verb, _ := strings.Cut(name, "-")
						return strings.TrimSuffix(family+"-"+mode+"-"+verb, "-")
					})
				}
				rpmLifecycle(m, rpm, newer, program, dir)
			})
		})
	}
}

// merge replaces /usr/sbin with a symlink to bin.
func (m *machine) merge() {
	sbin := filepath.Join(m.root, "usr/sbin")
	files, err := os.ReadDir(sbin)
	for _, file := range files {
		if err == nil {
			err = os.Rename(filepath.Join(sbin, file.Name()), filepath.Join(m.root, "usr/bin", file.Name()))
		}
	}
	if err == nil {
		err = os.Remove(sbin)
	}
	if err == nil {
		err = os.Symlink("bin", sbin)
	}
	if err != nil {
		panic(failure(err.Error()))
	}
}

// bring copies a program of this machine into the root, with its loader and libraries, because the libraries of the
// root may be older.
func (m *machine) bring(name, inside string) {
	program, err := exec.LookPath(name)
	if err != nil {
		panic(failure(err.Error()))
	}
	libraries, err := exec.Command("ldd", program).Output()
	if err != nil {
		panic(failure("ldd " + program + ": " + err.Error()))
	}
	loader := ""
	for _, word := range append(strings.Fields(string(libraries)), program) {
		if !strings.HasPrefix(word, "/") {
			continue
		}
		if err := m.Add(word, "/opt/"+filepath.Base(word)); err != nil {
			panic(failure(err.Error()))
		}
		if strings.HasPrefix(filepath.Base(word), "ld-") {
			loader = "/opt/" + filepath.Base(word)
		}
	}
	script := "#!/bin/sh\nexec " + loader + " --library-path /opt /opt/" + name + " \"$@\"\n"
	if err := os.WriteFile(filepath.Join(m.root, inside), []byte(script), 0o755); err != nil {
		panic(failure(err.Error()))
	}
}
