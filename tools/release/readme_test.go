package main

import (
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
)

// The release contains each file that the README's Dockerfile downloads, for every platform of Docker builds. The commands that
// verify the files pass in the shells of the distributions, and refuse a changed file.
func (m *made) readme(t *testing.T) {
	page := source(t, "README.md")
	fetched := regexp.MustCompile(`\$\{RELEASE\}/(\S+)`).FindAllStringSubmatch(page, -1)
	run := regexp.MustCompile(`(?s)RUN cd /wrapper && (.*?)\n\nFROM `).FindStringSubmatch(page)
	if len(fetched) == 0 || run == nil {
		t.Fatal("README.md fetches nothing of ${RELEASE}/, or runs nothing in /wrapper before its second FROM")
	}
	for _, arch := range slices.Sorted(maps.Keys(m.Programs)) {
		t.Run(arch, func(t *testing.T) {
			for shell, words := range map[string][]string{"dash": {"dash"}, "busybox": {"busybox", "sh"}, "bash": {"bash"}} {
				dir := t.TempDir()
				for _, match := range fetched {
					m.fetch(t, strings.ReplaceAll(match[1], "${TARGETARCH}", arch), dir)
				}
				other := t.TempDir()
				if err := os.CopyFS(other, os.DirFS(dir)); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(other, "iptables-wrapper-linux-"+arch), []byte("another"), 0o600); err != nil {
					t.Fatal(err)
				}
				verified(t, shell, append(words, "-euc", run[1]), dir, arch)
				if out, err := inShell(t, shell, append(words, "-euc", run[1]), other, arch); err == nil {
					t.Errorf("%s: another file than the release's is taken\n%s", shell, out)
				}
			}
		})
	}
}

// The commands of SECURITY.md pass on a release, with a key in place of the workflow's identity, and refuse changed files.
func (m *made) security(t *testing.T) {
	block := regexp.MustCompile("(?s)\n## Verify a release\n.*?\n```sh\n(.*?)```\n").FindStringSubmatch(source(t, "SECURITY.md"))
	if block == nil {
		t.Fatal("SECURITY.md: no sh block below Verify a release")
	}
	const hosts = `set -euo pipefail
curl() { [ -e "${2##*/}" ] || cp "$ASSETS/${2##*/}" .; }
cosign() { [ "$2 $4" = "--certificate-identity --certificate-oidc-issuer" ] && command cosign "$1" --key "$KEY" --insecure-ignore-tlog=true "${@:6}"; }
`
	for name, test := range map[string]struct {
		changed string // file; empty for none
		passes  bool
	}{
		"the release":    {"", true},
		"another binary": {"iptables-wrapper-linux-amd64", false},
		"other sums":     {"SHA256SUMS", false},
		"other images":   {"images.txt", false},
	} {
		command := exec.Command("bash", "-c", hosts+block[1])
		command.Dir = t.TempDir()
		command.Env = append(os.Environ(), "ASSETS="+filepath.Join(m.output, "assets"), "KEY="+m.public)
		if test.changed != "" {
			if err := os.WriteFile(filepath.Join(command.Dir, test.changed), []byte("another\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if out, err := command.CombinedOutput(); (err == nil) != test.passes {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

// fetch copies a file to the directory and with the mode that ADD uses for a download.
func (m *made) fetch(t *testing.T, file, dir string) {
	t.Helper()
	from, err := os.Open(m.asset(file))
	if err != nil {
		t.Fatalf("README.md: not in a release: %v", err)
	}
	defer from.Close()
	to, err := os.OpenFile(filepath.Join(dir, file), os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	if _, err := io.Copy(to, from); err != nil {
		t.Fatal(err)
	}
}

// verified runs the page's verification commands in a directory with the files of a release. They must succeed, and leave an
// executable wrapper.
func verified(t *testing.T, shell string, words []string, dir, arch string) {
	t.Helper()
	if out, err := inShell(t, shell, words, dir, arch); err != nil || strings.Count(out, ": OK\n") != 1 {
		t.Errorf("%s: %v\n%s", shell, err, out)
	}
	info, err := os.Stat(filepath.Join(dir, "iptables-wrapper"))
	if err != nil || info.Mode().Perm()&0o111 == 0 {
		t.Errorf("%s: no program is left to run: %v", shell, err)
	}
}

func inShell(t *testing.T, shell string, words []string, dir, arch string) (string, error) {
	t.Helper()
	needs.Machine(t, shell)
	command := exec.Command(words[0], words[1:]...)
	command.Dir, command.Env = dir, append(os.Environ(), "TARGETARCH="+arch)
	out, err := command.CombinedOutput()
	return string(out), err
}
