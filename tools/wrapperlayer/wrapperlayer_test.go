package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
)

// TestMain lets the test binary be the program, in an environment and with an umask of the test's choice.
func TestMain(m *testing.M) {
	switch os.Getenv("WRAPPERLAYER_MAIN") {
	case "":
		os.Exit(m.Run())
	case "private":
		syscall.Umask(0o077)
	case "open":
		syscall.Umask(0)
	}
	main()
}

// built returns the path of what Bazel built for the test.
func built(t *testing.T, variable string) string {
	t.Helper()
	path := os.Getenv(variable)
	if path == "" {
		t.Skipf("%s is not set: run bazel test //tools/wrapperlayer/...", variable)
	}
	return path
}

// start runs the program on a base. The output folder holds nothing but the layer afterwards, or nothing at all.
func start(t *testing.T, base string, env ...string) (data []byte, stderr string, err error) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir, temporary := t.TempDir(), t.TempDir()
	var text bytes.Buffer
	command := exec.Command(self, "--output", filepath.Join(dir, "layer.tar.gz"), "--wrapper", built(t, "WRAPPER"), "--base", base)
	command.Env = append(os.Environ(), append([]string{"WRAPPERLAYER_MAIN=private", "TMPDIR=" + temporary}, env...)...)
	command.Stderr = &text
	err = command.Run()
	left, globErr := filepath.Glob(filepath.Join(temporary, "*"))
	if globErr != nil || len(left) > 0 {
		t.Errorf("left behind: %q (%v)", left, globErr)
	}
	names, readErr := os.ReadDir(dir)
	if readErr != nil {
		t.Fatal(readErr)
	}
	if err != nil {
		if len(names) > 0 {
			t.Errorf("failed, but wrote %v", names)
		}
		return nil, text.String(), err
	}
	data, readErr = os.ReadFile(filepath.Join(dir, "layer.tar.gz"))
	if readErr != nil {
		t.Fatal(readErr)
	}
	return data, text.String(), nil
}

// refused expects one line with the reason, status 1, and nothing written.
func refused(t *testing.T, base, want string) {
	t.Helper()
	_, stderr, err := start(t, base)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("ended with %v, want status 1", err)
	}
	if strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, want) {
		t.Errorf("said %q, want one line with %q", stderr, want)
	}
}

// headers lists a compressed tar.
func headers(t *testing.T, data []byte) map[string]*tar.Header {
	t.Helper()
	stream, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]*tar.Header{}
	for entries := tar.NewReader(stream); ; {
		header, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimSuffix(header.Name, "/")] = header
	}
}

// Over the layout, whose blobs are links, and over its one layer as a tar, the same is installed.
func TestLayoutAndTar(t *testing.T) {
	over, stderr, err := start(t, built(t, "BASE"))
	if err != nil {
		t.Fatal(stderr)
	}
	same, stderr, err := start(t, built(t, "BASE_TAR"))
	if err != nil {
		t.Fatal(stderr)
	}
	if !bytes.Equal(over, same) {
		t.Error("the tar gives another layer than the layout of which it is the only one")
	}
	files := headers(t, over)
	var names []string
	for name, header := range files {
		names = append(names, name)
		if header.Typeflag == tar.TypeDir {
			t.Errorf("/%s: a directory, which would replace a link in the base", name)
		}
		if header.Uid != 0 || header.Gid != 0 || header.ModTime.Unix() != 0 {
			t.Errorf("/%s: owner %d:%d, time %v", name, header.Uid, header.Gid, header.ModTime)
		}
	}
	slices.Sort(names)
	want := []string{
		"usr/sbin/ip6tables", "usr/sbin/ip6tables-restore", "usr/sbin/ip6tables-save",
		"usr/sbin/iptables", "usr/sbin/iptables-restore", "usr/sbin/iptables-save", "usr/sbin/iptables-wrapper",
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("what is in the layer (-want +got):\n%s", diff)
	}
	if got := files["usr/sbin/iptables-wrapper"]; got == nil || got.Mode != 0o755 {
		t.Errorf("the wrapper is %+v", got)
	}
}

// Registries also have images whose parts are called as Docker called them first, and oci.pull leaves them so.
func TestPulledBase(t *testing.T) {
	want, stderr, err := start(t, built(t, "BASE"))
	if err != nil {
		t.Fatal(stderr)
	}
	names := strings.NewReplacer(
		"application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json",
		"application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json",
		"application/vnd.oci.image.layer.v1.tar+gzip", "application/vnd.docker.image.rootfs.diff.tar.gzip",
	)
	changed := 0
	base := copyLayout(t, built(t, "BASE"), func(_ string, data []byte) []byte {
		if !bytes.HasPrefix(data, []byte("{")) {
			return data
		}
		text := names.Replace(string(data))
		if text != string(data) {
			changed++
		}
		return []byte(text)
	})
	if changed < 2 {
		t.Fatalf("%d files of the layout changed, want its index and its manifest", changed)
	}
	got, stderr, err := start(t, base)
	if err != nil {
		t.Fatal(stderr)
	}
	if !bytes.Equal(got, want) {
		t.Error("another layer over a base with Docker's media types")
	}
}

func TestSameBytesEverywhere(t *testing.T) {
	want, stderr, err := start(t, built(t, "BASE"))
	if err != nil {
		t.Fatal(stderr)
	}
	got, stderr, err := start(t, built(t, "BASE"), "WRAPPERLAYER_MAIN=open", "TZ=Asia/Kathmandu", "LANG=tr_TR.UTF-8", "GOMAXPROCS=1")
	if err != nil {
		t.Fatal(stderr)
	}
	if !bytes.Equal(got, want) {
		t.Error("another layer with another umask, time zone and folder for temporary files")
	}
}

// copyLayout copies a layout's files, and changes what edit returns another content for.
func copyLayout(t *testing.T, source string, edit func(name string, data []byte) []byte) string {
	t.Helper()
	plain := t.TempDir()
	for _, pattern := range []string{"oci-layout", "index.json", "blobs/*/*"} {
		files, err := filepath.Glob(filepath.Join(source, pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: no %s (%v)", source, pattern, err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			target := filepath.Join(plain, strings.TrimPrefix(file, source))
			if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(target, edit(filepath.Base(file), data), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	return plain
}

func TestCorruptBlob(t *testing.T) {
	refused(t, copyLayout(t, built(t, "BASE"), func(_ string, data []byte) []byte {
		if !bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
			return data
		}
		// The time in gzip's header: the tar within is as it was, and only the digest tells.
		data[4] ^= 1
		return data
	}), "corrupt: its sum is")
	refused(t, copyLayout(t, built(t, "BASE"), func(_ string, data []byte) []byte {
		if bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
			return data[:len(data)/2]
		}
		return data
	}), "unexpected EOF")
}

func TestNotOneImage(t *testing.T) {
	refused(t, built(t, "INDEX"), "take the image of one platform")
	refused(t, copyLayout(t, built(t, "BASE"), func(name string, data []byte) []byte {
		if name != "index.json" {
			return data
		}
		begin, end := bytes.IndexByte(data, '['), bytes.LastIndexByte(data, ']')
		one := data[begin+1 : end]
		return slices.Concat(data[:begin+1], one, []byte(","), one, data[end:])
	}), "take the image of one platform")
	refused(t, t.TempDir(), "no OCI layout")
	refused(t, filepath.Join(t.TempDir(), "nowhere"), "no such file")
}

// The installer's own reasons come through.
func TestInstallerRefuses(t *testing.T) {
	refused(t, without(t, built(t, "BASE_TAR"), "legacy"), "iptables has no legacy variant here")
	refused(t, without(t, built(t, "BASE_TAR"), "nft"), "iptables has no nft variant here")
	refused(t, built(t, "FOREIGN"), "the wrapper is built for")
}

// without copies a compressed tar but for the programs and links of one mode.
func without(t *testing.T, source, mode string) string {
	t.Helper()
	in, err := os.Open(source)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	stream, err := gzip.NewReader(in)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	files := tar.NewWriter(&out)
	for entries := tar.NewReader(stream); ; {
		header, err := entries.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(header.Name, "usr/sbin/") && (strings.Contains(header.Name+"-", "-"+mode+"-") || strings.Contains(header.Linkname, "-"+mode+"-")) {
			continue
		}
		if err := files.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(files, entries); err != nil {
			t.Fatal(err)
		}
	}
	if err := files.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "base.tar")
	if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}
