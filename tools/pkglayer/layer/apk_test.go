package layer_test

import (
	"archive/tar"
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"

	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/apk"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/layer"
)

// capability is cap_net_admin,cap_net_raw=ep.
const capability = "\x01\x00\x00\x02\x00\x30\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"

// apkPackage returns a package with files of all types, owners, modes and attributes.
func apkPackage(t *testing.T) []byte {
	t.Helper()
	xattrs := map[string]string{"SCHILY.xattr.security.capability": capability, "SCHILY.xattr.user.example": "value"}
	data := apkStream(t, true,
		tar.Header{Typeflag: tar.TypeDir, Name: "usr/", Mode: 0o755},
		tar.Header{Typeflag: tar.TypeDir, Name: "usr/bin/", Mode: 0o755},
		tar.Header{Name: "usr/bin/capable", Mode: 0o755, PAXRecords: xattrs},
		tar.Header{Name: "usr/bin/second", Mode: 0o755, Gid: 7},
		tar.Header{Typeflag: tar.TypeLink, Name: "usr/bin/hard", Linkname: "usr/bin/second", Mode: 0o755, Gid: 7},
		tar.Header{Typeflag: tar.TypeSymlink, Name: "usr/bin/link", Linkname: "second", Mode: 0o777},
		tar.Header{Name: "usr/bin/setuid", Mode: 0o4755},
		tar.Header{Typeflag: tar.TypeDir, Name: "usr/share/", Mode: 0o755},
		tar.Header{Name: "usr/share/empty", Mode: 0o644},
		tar.Header{Typeflag: tar.TypeDir, Name: "usr/share/private/", Mode: 0o700, Uid: 5},
		tar.Header{Name: "usr/share/private/key", Mode: 0o600, Uid: 5},
	)
	info := fmt.Sprintf("pkgname = example\npkgver = 1.2-r3\npkgdesc = an example\nurl = https://example.com\nsize = 99\n"+
		"arch = x86_64\nlicense = MIT\norigin = examples\nmaintainer = A. U. Thor <a@example.com>\nbuilddate = 1700000000\n"+
		"commit = 0123456789012345678901234567890123456789\nprovider_priority = 10\ndepend = !busybox<0\nprovides = cmd:example=1.2-r3\n"+
		"replaces = old\nreplaces = older\nreplaces_priority = 3\ndatahash = %x\n", sha256.Sum256(data))
	return append(apkStream(t, false, tar.Header{Name: ".PKGINFO", Mode: 0o644, Linkname: info}), data...)
}

// apkStream returns one gzip stream of a package. The content of a regular file is its Linkname or, if that is empty,
// its name.
func apkStream(t *testing.T, last bool, headers ...tar.Header) []byte {
	t.Helper()
	var out bytes.Buffer
	compressed := gzip.NewWriter(&out)
	files := tar.NewWriter(compressed)
	for _, header := range headers {
		content := ""
		if header.Typeflag == tar.TypeReg || header.Typeflag == 0 {
			content, header.Linkname = header.Linkname, ""
			if content == "" && !strings.HasSuffix(header.Name, "empty") {
				content = "content of " + header.Name
			}
			header.Size = int64(len(content))
		}
		summed := content
		if header.Typeflag == tar.TypeSymlink {
			summed = header.Linkname
		}
		if last && header.Typeflag != tar.TypeDir && header.Typeflag != tar.TypeLink {
			records := map[string]string{"APK-TOOLS.checksum.SHA1": hexSum(summed)}
			for key, value := range header.PAXRecords {
				records[key] = value
			}
			header.PAXRecords = records
		}
		if err := files.WriteHeader(&header); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(files, content); err != nil {
			t.Fatal(err)
		}
	}
	end := files.Flush
	if last {
		end = files.Close
	}
	if err := end(); err != nil {
		t.Fatal(err)
	}
	if err := compressed.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func hexSum(text string) string {
	sum := sha1.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}

func apkLayer(t *testing.T) []byte {
	t.Helper()
	pkg, err := apk.Read(bytes.NewReader(apkPackage(t)), archive.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	return write(t, layer.Settings{Metadata: "apk", Requested: []string{"example", "cmd:other"}}, pkg)
}

// testdata/installed is lib/apk/db/installed after apk 3.0.6 has installed the same package: see TestApkAdd.
func TestApkDatabase(t *testing.T) {
	want, err := os.ReadFile("testdata/installed")
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	stream, err := gzip.NewReader(bytes.NewReader(apkLayer(t)))
	if err != nil {
		t.Fatal(err)
	}
	for entries := tar.NewReader(stream); ; {
		header, err := entries.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(entries)
		if err != nil {
			t.Fatal(err)
		}
		texts[header.Name] = string(text)
	}
	if diff := cmp.Diff(string(want), texts["lib/apk/db/installed"]); diff != "" {
		t.Errorf("lib/apk/db/installed (-apk +ours):\n%s", diff)
	}
	if got := texts["etc/apk/world"]; got != "cmd:other\nexample\n" {
		t.Errorf("etc/apk/world is %q", got)
	}
}

// A file that is left out of the image must not be in the list, because an audit would report it as missing.
func TestApkLeftOut(t *testing.T) {
	pkg, err := apk.Read(bytes.NewReader(apkPackage(t)), archive.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	tree, err := layer.Build(layer.Settings{Metadata: "apk", Requested: []string{"example"}, Exclude: []string{"usr/share/**", "usr/bin/setuid"}}, []*archive.Package{pkg})
	if err != nil {
		t.Fatal(err)
	}
	text, _ := tree.Data("lib/apk/db/installed")
	for _, line := range []string{"R:setuid", "R:empty", "F:usr/share/private"} {
		if strings.Contains(string(text), line) {
			t.Errorf("the database has %s, which the image has not:\n%s", line, text)
		}
	}
	if _, err := layer.Build(layer.Settings{Metadata: "apk"}, []*archive.Package{pkg}); err == nil || !strings.Contains(err.Error(), "requested") {
		t.Errorf("nothing asked for: error %v", err)
	}
}
