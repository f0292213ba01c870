package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

var large = flag.Int("large", 64, "`MEGABYTES` of the base of TestLargeBase")

// limit is the memory that the program may take for a base of any size, in kilobytes. A base that is larger than inMemory is unpacked on
// the disk, and the program has read no layer as a whole.
const limit = 64 << 10

// The memory of the program does not depend on the size of the base or the number of its layers. For a gigabyte:
//
//	go test -v -run TestLargeBase ./tools/wrapperlayer -large 1024
func TestLargeBase(t *testing.T) {
	const layers = 300
	dir := t.TempDir()
	base, wrapper := filepath.Join(dir, "base"), filepath.Join(dir, "wrapper")
	if err := os.WriteFile(wrapper, []byte(program("the wrapper")), 0o755); err != nil {
		t.Fatal(err)
	}
	writeLarge(t, base, layers, *large<<20/layers)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(self, "--output", filepath.Join(dir, "layer.tar.gz"), "--wrapper", wrapper, "--base", base)
	command.Env = append(os.Environ(), "WRAPPERLAYER_MAIN=open", "TMPDIR="+dir)
	var text bytes.Buffer
	command.Stdout, command.Stderr = &text, &text
	began := time.Now()
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	memory := make(chan int)
	go func() { memory <- peak(command.Process.Pid) }()
	err = command.Wait()
	took, most := time.Since(began), <-memory
	if err != nil {
		t.Fatalf("%v: %s", err, text.String())
	}
	t.Logf("%d layers, %d MB: %.1f s, of a processor %.1f s, %d MB of memory", layers, *large, took.Seconds(),
		(command.ProcessState.UserTime() + command.ProcessState.SystemTime()).Seconds(), most>>10)
	if most == 0 || most > limit {
		t.Errorf("%d kB of memory, want at most %d", most, limit)
	}
}

// peak returns the most memory that a process uses until it ends, in kilobytes: the last VmHWM of /proc/PID/status (proc_pid_status(5)).
// The rusage of the process cannot be used: it includes the memory of this process, which the kernel counts between clone(2) and
// execve(2) (setmax_mm_hiwater_rss in linux/mm.h).
func peak(pid int) (kilobytes int) {
	for {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		_, after, found := bytes.Cut(status, []byte("\nVmHWM:"))
		if err != nil || !found { // it has ended
			return kilobytes
		}
		_, _ = fmt.Sscan(string(after), &kilobytes)
		time.Sleep(time.Millisecond)
	}
}

// writeLarge writes a layout whose lowest layer has iptables, and each layer a file of some bytes that do not compress.
func writeLarge(t *testing.T, dir string, layers, bytes int) {
	t.Helper()
	manifest := v1.Manifest{SchemaVersion: 2, MediaType: types.OCIManifestSchema1}
	manifest.Config = writeBlob(t, dir, types.OCIConfigJSON, func(w io.Writer) error {
		return json.NewEncoder(w).Encode(v1.ConfigFile{Architecture: "amd64", OS: "linux"})
	})
	for i := range layers {
		manifest.Layers = append(manifest.Layers, writeBlob(t, dir, types.OCILayer, func(w io.Writer) error {
			compressed, err := gzip.NewWriterLevel(w, gzip.NoCompression)
			if err != nil {
				return err
			}
			files := tar.NewWriter(compressed)
			if i == 0 {
				for _, e := range iptables() {
					if err := files.WriteHeader(&e.Header); err != nil {
						return err
					}
					if _, err := io.WriteString(files, e.text); err != nil {
						return err
					}
				}
			}
			if err := files.WriteHeader(&tar.Header{Name: fmt.Sprintf("data%03d", i), Mode: 0o644, Size: int64(bytes)}); err != nil {
				return err
			}
			if _, err := io.CopyN(files, rand.NewChaCha8([32]byte{byte(i), byte(i >> 8)}), int64(bytes)); err != nil {
				return err
			}
			if err := files.Close(); err != nil {
				return err
			}
			return compressed.Close()
		}))
	}
	index := v1.IndexManifest{SchemaVersion: 2, Manifests: []v1.Descriptor{writeBlob(t, dir, types.OCIManifestSchema1, func(w io.Writer) error {
		return json.NewEncoder(w).Encode(manifest)
	})}}
	text, err := json.Marshal(index)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "index.json"), text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// writeBlob writes a blob of a layout and returns its descriptor.
func writeBlob(t *testing.T, dir string, as types.MediaType, write func(io.Writer) error) v1.Descriptor {
	t.Helper()
	home := filepath.Join(dir, "blobs/sha256")
	if err := os.MkdirAll(home, 0o755); err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(filepath.Join(home, "new"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	sum := sha256.New()
	if err := write(io.MultiWriter(file, sum)); err != nil {
		t.Fatal(err)
	}
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	digest := v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum.Sum(nil))}
	if err := os.Rename(file.Name(), filepath.Join(home, digest.Hex)); err != nil {
		t.Fatal(err)
	}
	return v1.Descriptor{MediaType: as, Size: info.Size(), Digest: digest}
}
