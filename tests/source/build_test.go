package source

import (
	"debug/elf"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
)

// gap is part of the program's output if it was built without the exact hand-over.
const gap = "without the linker flags"

// `go install` must give a working binary with the right name, which reports that it lacks the exact hand-over.
func TestGoInstall(t *testing.T) {
	needs.Machine(t, "git")
	checkout, bin := repository(t), t.TempDir()
	sh(t, checkout, append(goEnvironment(t), "GOBIN="+bin, "CGO_ENABLED=0"), "go install ./wrapper/iptables-wrapper")
	files, err := os.ReadDir(bin)
	if err != nil || len(files) != 1 || files[0].Name() != "iptables-wrapper" {
		t.Fatalf("go install made %v, %v", files, err)
	}
	if out := sh(t, bin, nil, "./iptables-wrapper version"); !strings.HasPrefix(out, "iptables-wrapper devel") || !strings.Contains(out, gap) {
		t.Errorf("version printed %q", out)
	}
}

// make must set the version from git, and build for the architecture in the environment.
func TestMake(t *testing.T) {
	needs.Machine(t, "git", "make")
	checkout, environment := repository(t), goEnvironment(t)
	version := func(what, want string) {
		t.Helper()
		sh(t, checkout, environment, "make")
		if out := sh(t, checkout, nil, "bin/iptables-wrapper version"); out != "iptables-wrapper "+want {
			t.Errorf("%s: version printed %q, want %q", what, out, want)
		}
	}
	version("the tagged commit", "v1.2.3")
	if out := sh(t, checkout, nil, "git status --porcelain"); out != "" {
		t.Errorf("make leaves files that git does not ignore:\n%s", out)
	}
	sh(t, checkout, nil, "echo >>installer/iptables-wrapper-installer.sh")
	version("a changed file", "v1.2.3-dirty")
	around := filepath.Dir(checkout)
	sh(t, checkout, nil, `rm -r .git && cd "$1" && git init --quiet && git -c user.name=x -c user.email=x@example.com commit --quiet --allow-empty --message x`, around)
	version("a copy in another repository", "devel")

	for goarch, machine := range map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64} {
		sh(t, checkout, append(environment, "GOARCH="+goarch), "make build")
		file, err := elf.Open(filepath.Join(checkout, "bin/iptables-wrapper"))
		if err != nil {
			t.Fatal(err)
		}
		if file.Machine != machine || file.Section(".interp") != nil {
			t.Errorf("GOARCH=%s gives a binary for %v, with an interpreter: %v", goarch, file.Machine, file.Section(".interp") != nil)
		}
		file.Close()
	}
	sh(t, checkout, nil, "make clean")
	if left, err := os.ReadDir(filepath.Join(checkout, "bin")); err != nil || len(left) > 0 {
		t.Errorf("make clean leaves %v, %v", left, err)
	}
}
