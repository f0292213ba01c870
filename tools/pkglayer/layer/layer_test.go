package layer_test

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/layer"
)

func file(name, data string) archive.File {
	return archive.File{Name: name, Type: archive.Regular, Mode: 0o644, Data: []byte(data)}
}

func link(name, target string) archive.File {
	return archive.File{Name: name, Type: archive.Symlink, Mode: 0o777, Link: target}
}

func dir(name string, mode int64) archive.File {
	return archive.File{Name: name, Type: archive.Directory, Mode: mode}
}

func pkg(name string, files ...archive.File) *archive.Package {
	return &archive.Package{
		Name: name, Version: "1.0-1", Architecture: "amd64", Files: files,
		Control: map[string][]byte{"control": []byte("Package: " + name + "\nVersion: 1.0-1\nArchitecture: amd64\n")},
	}
}

// build builds a layer and returns its listing.
func build(t *testing.T, s layer.Settings, packages ...*archive.Package) []string {
	t.Helper()
	return list(t, write(t, s, packages...))
}

func write(t *testing.T, s layer.Settings, packages ...*archive.Package) []byte {
	t.Helper()
	tree, err := layer.Build(s, packages)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := tree.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func list(t *testing.T, data []byte) []string {
	t.Helper()
	var text strings.Builder
	if err := layer.List(&text, bytes.NewReader(data), func(string) bool { return true }); err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(text.String()), "\n")
}

func compare(t *testing.T, got []string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("listing (-want +got):\n%s", diff)
	}
}

func TestMergedDirectories(t *testing.T) {
	s := layer.Settings{Links: map[string]string{"sbin": "usr/sbin", "var/run": "/run"}}
	got := build(t, s,
		pkg("a", dir("sbin", 0o755), file("sbin/x", "x"), dir("var/run", 0o755), file("var/run/pid", "1")),
		pkg("b", dir("usr/sbin", 0o755), file("usr/sbin/y", "y")))
	compare(t, got,
		"./run type=dir mode=0755 uid=0 gid=0",
		"./run/pid type=file mode=0644 uid=0 gid=0",
		"./sbin type=link mode=0777 uid=0 gid=0 link=usr/sbin",
		"./usr type=dir mode=0755 uid=0 gid=0",
		"./usr/sbin type=dir mode=0755 uid=0 gid=0",
		"./usr/sbin/x type=file mode=0644 uid=0 gid=0",
		"./usr/sbin/y type=file mode=0644 uid=0 gid=0",
		"./var type=dir mode=0755 uid=0 gid=0",
		"./var/run type=link mode=0777 uid=0 gid=0 link=/run",
	)
}

func TestLinksOfAnyPackageMerge(t *testing.T) {
	// Fedora's package filesystem merges the directories like this, whatever the order of names.
	got := build(t, layer.Settings{},
		pkg("a", file("sbin/x", "x")),
		pkg("z", link("sbin", "usr/sbin"), link("usr/sbin", "bin"), dir("usr/bin", 0o555)))
	compare(t, got,
		"./sbin type=link mode=0777 uid=0 gid=0 link=usr/sbin",
		"./usr type=dir mode=0755 uid=0 gid=0",
		"./usr/bin type=dir mode=0555 uid=0 gid=0",
		"./usr/bin/x type=file mode=0644 uid=0 gid=0",
		"./usr/sbin type=link mode=0777 uid=0 gid=0 link=bin",
	)
}

func TestSameBytesInAnyOrder(t *testing.T) {
	a, b := pkg("a", file("x", "1"), dir("d", 0o755)), pkg("b", file("d/y", "2"), file("a", "3"))
	b.Files[0].Xattrs = map[string]string{"security.capability": "\x01\x00", "user.a": "b"}
	first := write(t, layer.Settings{Metadata: "dpkg"}, a, b)
	slices.Reverse(a.Files)
	slices.Reverse(b.Files)
	// dpkg's lists have the order of the package, so they are left out here.
	second := write(t, layer.Settings{}, b, a)
	third := write(t, layer.Settings{}, a, b)
	if !bytes.Equal(second, third) {
		t.Error("the order of packages and files shows in the layer")
	}
	if bytes.Equal(first, second) {
		t.Error("dpkg's database is missing")
	}
}

func TestHardLinkNamedBeforeItsTarget(t *testing.T) {
	hard := archive.File{Name: "a", Type: archive.Hardlink, Link: "b"}
	compare(t, build(t, layer.Settings{}, pkg("p", file("b", "content"), hard)),
		"./a type=file mode=0644 uid=0 gid=0",
		"./b type=file mode=0644 uid=0 gid=0 hardlink=a",
	)
}

func TestExcludeAndKeep(t *testing.T) {
	s := layer.Settings{Exclude: []string{"usr/share/doc/**"}, Keep: []string{"usr/share/doc/*/copyright"}}
	compare(t, build(t, s, pkg("p", file("usr/share/doc/p/changelog", ""), file("usr/share/doc/p/copyright", ""))),
		"./usr type=dir mode=0755 uid=0 gid=0",
		"./usr/share type=dir mode=0755 uid=0 gid=0",
		"./usr/share/doc type=dir mode=0755 uid=0 gid=0",
		"./usr/share/doc/p type=dir mode=0755 uid=0 gid=0",
		"./usr/share/doc/p/copyright type=file mode=0644 uid=0 gid=0",
	)
}

func TestOwnersByName(t *testing.T) {
	owned := file("tool", "")
	owned.User, owned.Group = "root", "staff"
	got := build(t, layer.Settings{}, pkg("p", owned, file("etc/group", "staff:x:50:\n")))
	if !slices.Contains(got, "./tool type=file mode=0644 uid=0 gid=50") {
		t.Errorf("owner not found: %q", got)
	}
	tree, err := layer.Build(layer.Settings{}, []*archive.Package{pkg("p", owned)})
	if err != nil {
		t.Fatal(err)
	}
	if err := tree.Write(io.Discard); err == nil || !strings.Contains(err.Error(), `"staff"`) {
		t.Errorf("a group that nothing defines: %v", err)
	}
}

func TestBuildRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		packages []*archive.Package
		settings layer.Settings
		want     string
	}{
		"two contents":      {[]*archive.Package{pkg("a", file("x", "1")), pkg("b", file("x", "2"))}, layer.Settings{}, "a and b disagree"},
		"file as directory": {[]*archive.Package{pkg("a", file("x", "1")), pkg("b", file("x/y", "2"))}, layer.Settings{}, "is no directory"},
		"links in a circle": {[]*archive.Package{pkg("a", link("x", "y"), link("y", "x"), file("x/f", ""))}, layer.Settings{}, "too many links"},
		"link to the root":  {[]*archive.Package{pkg("a", link("x", "/../.."), file("x/.", ""))}, layer.Settings{}, "x"},
		"missing choice": {nil, layer.Settings{Alternatives: "dpkg", Registrations: []layer.Registration{
			{Name: "tool", Link: "/usr/bin/tool", Path: "/usr/bin/tool-1", Priority: 1},
		}}, "no such file"},
		"metadata": {nil, layer.Settings{Metadata: "portage"}, "portage"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := layer.Build(test.settings, test.packages)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}

func TestLinksCannotLeaveTheRoot(t *testing.T) {
	compare(t, build(t, layer.Settings{}, pkg("p", link("out", "../../../etc"), file("out/passwd", "evil"))),
		"./etc type=dir mode=0755 uid=0 gid=0",
		"./etc/passwd type=file mode=0644 uid=0 gid=0",
		"./out type=link mode=0777 uid=0 gid=0 link=../../../etc",
	)
}
