// Command rootfs packs the program probe, and files with distinct owners and modes, into a layer.
package main

import (
	"archive/tar"
	"compress/gzip"
	"fmt"
	"os"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: rootfs PROBE LAYER")
		os.Exit(2)
	}
	if err := write(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintf(os.Stderr, "rootfs: %v\n", err)
		os.Exit(1)
	}
}

func write(probe, layer string) error {
	program, err := os.ReadFile(probe)
	if err != nil {
		return err
	}
	file, err := os.Create(layer)
	if err != nil {
		return err
	}
	defer file.Close()
	packed := gzip.NewWriter(file)
	out := tar.NewWriter(packed)
	for _, entry := range []struct {
		header  tar.Header
		content string
	}{
		{tar.Header{Name: "bin/probe", Mode: 0o755}, string(program)},
		{tar.Header{Name: "etc/passwd", Mode: 0o644}, "root:x:0:0::/:/bin/probe\nguest:x:1000:1001::/home:/bin/probe\n"},
		{tar.Header{Name: "etc/group", Mode: 0o644}, "root:x:0:\nguests:x:1001:\nshadow:x:42:\n"},
		{tar.Header{Name: "etc/shadow", Mode: 0o640, Gid: 42}, "secret\n"},
		{tar.Header{Name: "bin/setuid", Mode: 0o4755}, ""},
		{tar.Header{Name: "bin/group", Mode: 0o010}, ""},
		{tar.Header{Name: "bin/other", Mode: 0o001}, ""},
		{tar.Header{Name: "bin/link", Mode: 0o777, Typeflag: tar.TypeSymlink, Linkname: "/etc/group"}, ""},
		{tar.Header{Name: "bin/dangling", Mode: 0o777, Typeflag: tar.TypeSymlink, Linkname: "nowhere"}, ""},
		{tar.Header{Name: "bin/pipe", Mode: 0o644, Typeflag: tar.TypeFifo}, ""},
		{tar.Header{Name: "tmp/", Mode: 0o1777, Typeflag: tar.TypeDir}, ""},
		{tar.Header{Name: "usr/share/doc/good/copyright", Mode: 0o644}, "License: Apache-2.0\n"},
		{tar.Header{Name: "licenses/bad", Mode: 0o644}, "License: AGPL-3\n"},
	} {
		entry.header.Size = int64(len(entry.content))
		if err := out.WriteHeader(&entry.header); err != nil {
			return err
		}
		if _, err := out.Write([]byte(entry.content)); err != nil {
			return err
		}
	}
	if err := out.Close(); err != nil {
		return err
	}
	return packed.Close()
}
