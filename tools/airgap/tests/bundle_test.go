package tests

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
)

// taker unpacks bundles into a separate cache, with the steps of this checkout.
type taker struct {
	t                           *testing.T
	here, checkout, cache, work string
}

func newTaker(t *testing.T) *taker {
	t.Helper()
	here, err := filepath.Abs(filepath.Dir(needs.Variable(t, "STEPS")))
	if err != nil {
		t.Fatal(err)
	}
	b := &taker{t: t, here: here, checkout: t.TempDir(), work: t.TempDir()}
	b.cache = filepath.Join(b.work, "cache")
	const module = "bazel_dep(name = \"gazelle\", version = \"1\")\nbazel_dep(name = \"rules_go\", version = \"2\")\ngo_sdk.download(\n    version = \"3\",\n)\n"
	if err := os.WriteFile(filepath.Join(b.checkout, "MODULE.bazel"), []byte(module), 0o644); err != nil {
		t.Fatal(err)
	}
	return b
}

// run executes shell commands after it has sourced the steps' files.
func (b *taker) run(commands string, arguments ...string) (string, error) {
	const prelude = `set -eu
here=$HERE checkout=$CHECKOUT
for part in lib machine debian gomodules bundle run; do . "$HERE/$part.sh"; done
find_cache
mkdir -p "$cache/config"
`
	step := exec.Command("sh", append([]string{"-c", prelude + commands, "-"}, arguments...)...)
	step.Env = append(os.Environ(), "HERE="+b.here, "CHECKOUT="+b.checkout, "IPTABLES_WRAPPERS_CACHE="+b.cache)
	out, err := step.CombinedOutput()
	return string(out), err
}

// roots returns the names of the Debian root and of the Go modules that this checkout's bundles contain.
func (b *taker) roots() (debian, modules string) {
	b.t.Helper()
	out, err := b.run(`find_go_modules; basename "$(debian_root "$debian_test_packages")"; basename "$modules"`)
	names := strings.Fields(out)
	if err != nil || len(names) != 2 {
		b.t.Fatalf("%v\n%s", err, out)
	}
	return names[0], names[1]
}

// write writes a bundle and its sum.
func (b *taker) write(members []tar.Header) string {
	b.t.Helper()
	path := filepath.Join(b.work, "bundle")
	file, err := os.Create(path)
	if err != nil {
		b.t.Fatal(err)
	}
	defer file.Close()
	packed := gzip.NewWriter(file)
	archive := tar.NewWriter(packed)
	for _, member := range members {
		member.Mode = 0o755
		if member.Typeflag == tar.TypeReg {
			member.Size = int64(len("new"))
		}
		if err := archive.WriteHeader(&member); err != nil {
			b.t.Fatal(err)
		}
		if member.Typeflag == tar.TypeReg {
			if _, err := archive.Write([]byte("new")); err != nil {
				b.t.Fatal(err)
			}
		}
	}
	if err := archive.Close(); err != nil {
		b.t.Fatal(err)
	}
	if err := packed.Close(); err != nil {
		b.t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(path+".sha256", fmt.Appendf(nil, "%x  bundle\n", sha256.Sum256(text)), 0o644); err != nil {
		b.t.Fatal(err)
	}
	return path
}

// files returns the names of everything below a directory except directories.
func files(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			names = append(names, strings.TrimPrefix(path, dir+"/"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func regular(name string) tar.Header { return tar.Header{Name: name, Typeflag: tar.TypeReg} }

func link(name, to string) tar.Header {
	return tar.Header{Name: name, Linkname: to, Typeflag: tar.TypeSymlink}
}

func TestBundle(t *testing.T) {
	b := newTaker(t)
	debian, modules := b.roots()
	sum := "repositories/content_addressable/sha256/" + strings.Repeat("a", 64)
	const downloads = "gopath/pkg/mod/cache/download/"
	bundle := b.write([]tar.Header{
		regular(debian + "/usr/bin/sh"), link(debian+"/bin", "usr/bin"), link(debian+"/etc/mtab", "/proc/mounts"),
		regular(modules + "/sdk/ROOT"), regular(downloads + "m/@v/v1.zip"), regular(downloads + "m/@v/v1.ziphash"), regular(downloads + "old.mod"), regular(sum + "/file"),
	})
	if err := os.MkdirAll(filepath.Join(b.cache, downloads), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(b.cache, downloads, "old.mod"), []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second command finds that the bundle was taken
		if out, err := b.run(`take_bundle "$1"`, bundle); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	want := []string{debian + "/bin", debian + "/etc/mtab", debian + "/usr/bin/sh", modules + "/sdk/ROOT", downloads + "m/@v/v1.zip", downloads + "old.mod", sum + "/file"}
	got := slices.DeleteFunc(files(t, b.cache), func(name string) bool {
		return strings.HasPrefix(name, "bundle-") || strings.HasPrefix(name, "config/")
	})
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the cache contains %q, want %q", got, want)
	}
	if text, err := os.ReadFile(filepath.Join(b.cache, downloads, "old.mod")); err != nil || string(text) != "old" {
		t.Errorf("a file of the cache was replaced: %s, %v", text, err)
	}
}

// A hostile bundle with a correct sum changes nothing, neither in the cache nor outside.
func TestHostileBundle(t *testing.T) {
	b := newTaker(t)
	debian, modules := b.roots()
	outside := t.TempDir()
	const downloads = "gopath/pkg/mod/cache/download/"
	for name, members := range map[string][]tar.Header{
		"an absolute path":                   {regular(outside + "/planted")},
		"a path with ..":                     {regular("../planted")},
		"a path with .. in a root":           {regular(debian + "/../../planted")},
		"a symlink and a file through it":    {link(debian+"/a", outside), regular(debian + "/a/planted")},
		"a relative symlink and a file":      {link(debian+"/a", "../../.."), regular(debian + "/a/planted")},
		"a symlink in place of a directory":  {link("gopath", outside), regular(downloads + "planted")},
		"a symlink in place of a root":       {link(debian, outside)},
		"a symlink among the modules":        {link(downloads+"a", outside)},
		"a symlink in the Go modules":        {link(modules+"/sdk", outside)},
		"a hard link to a file outside":      {{Name: downloads + "a", Linkname: "/etc/passwd", Typeflag: tar.TypeLink}},
		"a hard link with ..":                {{Name: downloads + "a", Linkname: "../../../../../../etc/passwd", Typeflag: tar.TypeLink}},
		"a .bazelrc":                         {regular(".bazelrc")},
		"a .bazelrc in HOME":                 {regular("home/.bazelrc")},
		"a bazelrc of a checkout":            {regular("config/0123456789ab.bazelrc")},
		"a downloader configuration":         {regular("config/downloader")},
		"a result of Bazel":                  {regular("disk/cas/00/planted")},
		"a program beside the modules":       {regular("gopath/bin/go")},
		"an unpacked module":                 {regular("gopath/pkg/mod/m@v1/m.go")},
		"a root of another checkout":         {regular("debian-000000000000/usr/bin/sh")},
		"Go modules of another checkout":     {regular("go-000000000000/sdk/bin/go")},
		"a package under no sum":             {regular("repositories/content_addressable/sha256/aa/file")},
		"a file beside a package":            {regular("repositories/content_addressable/sha256/" + strings.Repeat("a", 64) + "/id")},
		"a device":                           {{Name: debian + "/dev/sda", Typeflag: tar.TypeBlock, Devmajor: 8}},
		"a character device":                 {{Name: debian + "/dev/mem", Typeflag: tar.TypeChar, Devmajor: 1, Devminor: 1}},
		"a FIFO":                             {{Name: debian + "/a", Typeflag: tar.TypeFifo}},
		"a name with a line, after good one": {regular(debian + "/usr/bin/sh"), regular("a\nb")},
	} {
		t.Run(name, func(t *testing.T) {
			before := files(t, b.work)
			bundle := b.write(members)
			out, err := b.run(`take_bundle "$1"`, bundle)
			if err == nil || !strings.Contains(out, "no bundle of this checkout") && !strings.Contains(out, "cannot be unpacked") {
				t.Errorf("%v\n%s", err, out)
			}
			if planted := files(t, outside); len(planted) > 0 {
				t.Errorf("outside: %q", planted)
			}
			for _, file := range []string{bundle, bundle + ".sha256"} {
				if err := os.Remove(file); err != nil {
					t.Fatal(err)
				}
			}
			if after := files(t, b.work); !slices.Equal(before, after) {
				t.Errorf("the cache and its parent had %q, have %q", before, after)
			}
		})
	}
}
