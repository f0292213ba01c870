package xtables_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/xtables"
)

type binaries = [mode.Legacy + 1]xtables.Binary

func TestFind(t *testing.T) {
	const self = "/usr/sbin/iptables-wrapper"
	multi := func(dir string) xtables.Binary { return xtables.Binary{Dir: dir, Multi: true} }
	split := func(dir string) xtables.Binary { return xtables.Binary{Dir: dir} }
	tests := []struct {
		name  string
		files []string // executable; "a -> b" is a symlink, "a !" is not executable
		self  string
		want  binaries
	}{
		{"both beside the wrapper", []string{self, "/usr/sbin/xtables-nft-multi", "/usr/sbin/xtables-legacy-multi"}, self,
			binaries{mode.NFT: multi("/usr/sbin"), mode.Legacy: multi("/usr/sbin")}},
		{"its own directory first", []string{"/opt/wrapper", "/opt/xtables-nft-multi", "/opt/xtables-legacy-multi",
			"/usr/sbin/xtables-nft-multi", "/usr/sbin/xtables-legacy-multi"}, "/opt/wrapper",
			binaries{mode.NFT: multi("/opt"), mode.Legacy: multi("/opt")}},
		{"in the root directory", []string{"/wrapper", "/xtables-nft-multi"}, "/wrapper", binaries{mode.NFT: multi("/")}},
		{"elsewhere", []string{"/opt/wrapper", "/sbin/xtables-nft-multi", "/usr/bin/xtables-nft-multi", "/usr/bin/xtables-legacy-multi"},
			"/opt/wrapper", binaries{mode.NFT: multi("/sbin"), mode.Legacy: multi("/usr/bin")}},
		{"wrapper not in the root", []string{"/usr/sbin/xtables-nft-multi", "/usr/sbin/xtables-legacy-multi"}, "",
			binaries{mode.NFT: multi("/usr/sbin"), mode.Legacy: multi("/usr/sbin")}},
		{"through a merged directory", []string{"/usr/bin/xtables-nft-multi", "/usr/sbin -> bin"}, "",
			binaries{mode.NFT: multi("/usr/sbin")}},
		{"no multi-call binaries", []string{self, "/usr/sbin/iptables-nft", "/usr/sbin/iptables-legacy"}, self,
			binaries{mode.NFT: split("/usr/sbin"), mode.Legacy: split("/usr/sbin")}},
		{"only nft, as on RHEL 8", []string{self, "/usr/sbin/xtables-nft-multi"}, self, binaries{mode.NFT: multi("/usr/sbin")}},
		{"only legacy, as on Mariner 2", []string{self, "/usr/sbin/xtables-legacy-multi"}, self,
			binaries{mode.Legacy: multi("/usr/sbin")}},
		{"the wrapper under a binary's name", []string{self, "/usr/sbin/xtables-nft-multi -> iptables-wrapper",
			"/usr/sbin/iptables-legacy -> iptables-wrapper", "/usr/bin/xtables-legacy-multi"}, self,
			binaries{mode.Legacy: multi("/usr/bin")}},
		{"built from source", []string{"/usr/local/sbin/xtables-nft-multi", "/usr/local/bin/xtables-legacy-multi", "/bin/xtables-nft-multi"}, "",
			binaries{mode.NFT: multi("/usr/local/sbin"), mode.Legacy: multi("/usr/local/bin")}},
		{"the distribution's before those", []string{"/usr/local/sbin/xtables-nft-multi", "/usr/bin/xtables-nft-multi"}, "",
			binaries{mode.NFT: multi("/usr/bin")}},
		{"only /bin", []string{"/bin/xtables-nft-multi", "/bin/iptables-legacy"}, "",
			binaries{mode.NFT: multi("/bin"), mode.Legacy: split("/bin")}},
		{"not executable", []string{"/usr/sbin/xtables-nft-multi !", "/usr/sbin/xtables-legacy-multi"}, "",
			binaries{mode.Legacy: multi("/usr/sbin")}},
		{"a directory in the way", []string{"/usr/sbin/xtables-nft-multi/x", "/usr/bin/xtables-nft-multi"}, "",
			binaries{mode.NFT: multi("/usr/bin")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := xtables.Find(makeRoot(t, tt.files), tt.self)
			if err != nil || got.Binaries != tt.want {
				t.Errorf("got %+v, %v, want %+v", got, err, tt.want)
			}
		})
	}
}

func TestFindNothing(t *testing.T) {
	root := makeRoot(t, []string{"/usr/sbin/iptables-wrapper", "/usr/sbin/iptables -> iptables-wrapper"})
	if got, err := xtables.Find(root, "/usr/sbin/iptables-wrapper"); !errors.Is(err, xtables.ErrNone) {
		t.Errorf("got %+v, %v, want ErrNone", got, err)
	}
}

// Every copy of the wrapper finds the same installed wrapper, with symlinks resolved.
func TestWrapper(t *testing.T) {
	root := makeRoot(t, []string{"/usr/sbin/iptables-wrapper", "/iptables-wrapper", "/sbin/iptables-wrapper", "/sbin/xtables-nft-multi", "/usr/bin/xtables-legacy-multi"})
	for _, self := range []string{"/iptables-wrapper", "/usr/sbin/iptables-wrapper", "/sbin/iptables-wrapper", ""} {
		inst, err := xtables.FindInstalled(root, self)
		if err != nil || inst.Wrapper != "/sbin/iptables-wrapper" {
			t.Fatalf("%q finds %q, %v", self, inst.Wrapper, err)
		}
		files := inst.Files(applet.IPTables)
		if files["/usr/bin/xtables-legacy-multi"] != mode.Legacy || files["/sbin/xtables-nft-multi"] != mode.NFT {
			t.Errorf("files are %v", files)
		}
		if m, is := files["/sbin/iptables-wrapper"]; m != 0 || !is || len(files) != 5 {
			t.Errorf("files are %v", files)
		}
	}
}

func TestPath(t *testing.T) {
	inst := xtables.Installation{Binaries: binaries{mode.NFT: xtables.Binary{Dir: "/usr/sbin", Multi: true}, mode.Legacy: xtables.Binary{Dir: "/"}}}
	if got, want := inst.Path(mode.NFT, applet.IP6TablesSave), "/usr/sbin/xtables-nft-multi"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := inst.Path(mode.Legacy, applet.IP6TablesSave), "/ip6tables-legacy-save"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	inst.Binaries[mode.Legacy] = xtables.Binary{}
	if got := inst.Path(mode.Legacy, applet.IPTables); got != "" || inst.Has(mode.Legacy) {
		t.Errorf("got %q for a mode that is not installed", got)
	}
}

func makeRoot(t *testing.T, files []string) *rootfs.Root {
	t.Helper()
	dir := t.TempDir()
	for _, f := range files {
		path, target, link := strings.Cut(f, " -> ")
		path, _, plain := strings.Cut(path, " !")
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		perm := os.FileMode(0o755)
		if plain {
			perm = 0o644
		}
		var err error
		if link {
			err = os.Symlink(target, path)
		} else {
			err = os.WriteFile(path, []byte(f), perm)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	root, err := rootfs.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return root
}
