package layer_test

import (
	"archive/tar"
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"

	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/apk"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/layer"
)

// shadowShipped is the beginning of /etc/shadow as alpine-baselayout-data ships it: root's password is empty.
const shadowShipped = "root:::0:::::\nbin:!::0:::::\ndaemon:!::0:::::\nnobody:!::0:::::\n"

// identity returns a substitute for the SHA-1 of a package's control stream.
func identity(name string) []byte {
	sum := sha1.Sum([]byte(name))
	return sum[:]
}

// alpinePackage returns a package like those of apk.Read.
func alpinePackage(name, version, info string, scripts map[string]string, files ...archive.File) *archive.Package {
	p := &archive.Package{Name: name, Version: version, Architecture: "x86_64", Files: files, Control: map[string][]byte{
		apk.InfoFile: []byte("pkgname = " + name + "\npkgver = " + version + "\narch = x86_64\n" + info),
		apk.Identity: []byte("Q1" + base64.StdEncoding.EncodeToString(identity(name))),
		apk.Size:     []byte("100"),
	}}
	for kind, text := range scripts {
		p.Control[kind] = []byte(text)
	}
	return p
}

// busyboxPackage has the triggers and two of the scripts of busybox 1.37.0-r20, and a list of commands in its format.
func busyboxPackage(paths string) *archive.Package {
	return alpinePackage("busybox", "1.37.0-r20", "triggers = /bin /usr/bin /sbin /usr/sbin\n",
		map[string]string{".post-install": "#!/bin/sh\nexec /bin/busybox --install -s\n", ".trigger": "#!/bin/sh\nexit 0\n"},
		file("bin/busybox", "program"), file("etc/busybox-paths.d/busybox", paths))
}

func alpineTree(t *testing.T, packages ...*archive.Package) *layer.Tree {
	t.Helper()
	tree, err := layer.Build(layer.Settings{Metadata: "apk", Requested: []string{"busybox"}}, packages)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// The account is locked as Alpine's image script does it, and no other line changes (CVE-2019-5021).
func TestAlpineLocksRoot(t *testing.T) {
	data := file("etc/shadow", shadowShipped)
	data.Mode, data.GID = 0o640, 42
	packages := []*archive.Package{alpinePackage("alpine-baselayout-data", "3.7.0-r0", "", nil, data)}
	settings := layer.Settings{Metadata: "apk", Requested: []string{"busybox"}}
	tree := alpineTree(t, packages...)
	want := strings.Replace(shadowShipped, "root::", "root:*:", 1)
	if got, _ := tree.Data("etc/shadow"); string(got) != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	if listing := build(t, settings, packages...); !slices.Contains(listing, "./etc/shadow type=file mode=0640 uid=0 gid=42") {
		t.Errorf("mode or owner of /etc/shadow changed: %q", listing)
	}
	if string(packages[0].Files[0].Data) != shadowShipped {
		t.Error("the package changed, from which the sums of apk's database are computed")
	}
}

// Every command of the package's own list is a symlink, except where a package has a file.
func TestAlpineLinksBusybox(t *testing.T) {
	settings := layer.Settings{Metadata: "apk", Requested: []string{"busybox"}}
	packages := []*archive.Package{
		busyboxPackage("bin/ash\nbin/sh\n/usr/bin/[\n\nusr/sbin/adduser\nusr/bin/wget\n"),
		alpinePackage("busybox-binsh", "1.37.0-r20", "", nil, link("bin/sh", "/bin/busybox")),
		alpinePackage("wget", "1.25.0-r1", "", nil, file("usr/bin/wget", "GNU wget")),
	}
	listing := build(t, settings, packages...)
	for _, want := range []string{
		"./bin/ash type=link mode=0777 uid=0 gid=0 link=/bin/busybox",
		"./bin/sh type=link mode=0777 uid=0 gid=0 link=/bin/busybox",
		"./usr/bin/[ type=link mode=0777 uid=0 gid=0 link=/bin/busybox",
		"./usr/bin/wget type=file mode=0644 uid=0 gid=0",
		"./usr/sbin/adduser type=link mode=0777 uid=0 gid=0 link=/bin/busybox",
	} {
		if !slices.Contains(listing, want) {
			t.Errorf("%q is missing in:\n%s", want, strings.Join(listing, "\n"))
		}
	}
	for _, bad := range []*archive.Package{
		busyboxPackage("bin/ash\n../../etc/passwd\n"),
		alpinePackage("busybox", "1.36.0-r0", "", nil, file("bin/busybox", "program")),
	} {
		if _, err := layer.Build(settings, []*archive.Package{bad}); err == nil || !strings.Contains(err.Error(), "etc/busybox-paths.d/busybox: ") {
			t.Errorf("error %v", err)
		}
	}
}

// TestAlpineScriptsAndTriggers checks that the layer contains the same scripts and triggers files as apk writes.
func TestAlpineScriptsAndTriggers(t *testing.T) {
	// Q1 and base64, or X1 and hexadecimal digits, of the SHA-1 of the name.
	for _, row := range []struct{ tools, path, busybox, baselayout string }{
		{"2.14.10-r0", "lib/apk/db/scripts.tar", "Q1LxBvJ/ofKKik4CrrENc7ePnJsko=", "Q1MribE+u5tZTbMdB1Rg0n1en4WuE="},
		{"3.0.6-r0", "lib/apk/db/scripts.tar.gz", "X12f106f27fa1f28a8a4e02aeb10d73b78f9c9b24a", "X132b89b13ebb9b594db31d075460d27d5e9f85ae1"},
	} {
		t.Run(row.tools, func(t *testing.T) {
			tree := alpineTree(t, busyboxPackage("bin/ash\n"),
				alpinePackage("apk-tools", row.tools, "", nil),
				alpinePackage("alpine-baselayout", "3.7.0-r0", "", map[string]string{".pre-install": "#!/bin/sh\n", ".post-upgrade": "#!/bin/sh\ntrue\n"}))
			if got, _ := tree.Data("lib/apk/db/triggers"); string(got) != "Q1LxBvJ/ofKKik4CrrENc7ePnJsko= /bin /usr/bin /sbin /usr/sbin\n" {
				t.Errorf("triggers: %q", got)
			}
			data, exists := tree.Data(row.path)
			if !exists {
				t.Fatalf("no %s", row.path)
			}
			var stream io.Reader = bytes.NewReader(data)
			if strings.HasSuffix(row.path, ".gz") {
				unpacked, err := gzip.NewReader(stream)
				if err != nil {
					t.Fatal(err)
				}
				stream = unpacked
			}
			var got []string
			for entries := tar.NewReader(stream); ; {
				header, err := entries.Next()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				if header.Mode != 0o755 || header.ModTime.Unix() != 0 {
					t.Errorf("%s: mode %o, time %v", header.Name, header.Mode, header.ModTime)
				}
				text, err := io.ReadAll(entries)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, header.Name+" "+string(text))
			}
			want := []string{
				"alpine-baselayout-3.7.0-r0." + row.baselayout + ".pre-install #!/bin/sh\n",
				"alpine-baselayout-3.7.0-r0." + row.baselayout + ".post-upgrade #!/bin/sh\ntrue\n",
				"busybox-1.37.0-r20." + row.busybox + ".post-install #!/bin/sh\nexec /bin/busybox --install -s\n",
				"busybox-1.37.0-r20." + row.busybox + ".trigger #!/bin/sh\nexit 0\n",
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", row.path, diff)
			}
		})
	}
}
