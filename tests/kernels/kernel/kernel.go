// Package kernel extracts from Debian's kernel packages what a guest needs to boot: the kernel, and the modules of
// netfilter and overlayfs with all dependencies.
package kernel

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/deb"
)

// Kernel is one kernel and its modules.
type Kernel struct {
	Release string // output of uname -r
	Image   []byte // the bootable file
	Modules Modules
}

// Architecture returns the kernel's architecture, which it reads from the modules.
func (k *Kernel) Architecture() (Architecture, error) {
	for _, name := range k.Modules.Names() {
		return ArchitectureOf(bytes.NewReader(k.Modules[name].Data))
	}
	return "", fmt.Errorf("linux %s: no modules", k.Release)
}

// FromPackages reads a kernel from its packages: one or, from Linux 7 on, several.
func FromPackages(paths []string) (*Kernel, error) {
	k := &Kernel{Modules: Modules{}}
	for _, name := range paths {
		if err := k.add(name); err != nil {
			return nil, fmt.Errorf("%s: %w", path.Base(name), err)
		}
	}
	if k.Release == "" || len(k.Modules) == 0 {
		return nil, fmt.Errorf("%d packages: no kernel with modules in them", len(paths))
	}
	var err error
	k.Modules, err = k.Modules.with(wanted)
	return k, err
}

func (k *Kernel) add(name string) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	pkg, err := deb.Read(file, archive.DefaultLimits())
	if err != nil {
		return err
	}
	for _, f := range pkg.Files {
		if f.Type != archive.Regular {
			continue
		}
		// Before Linux 7, modules are in lib/modules and the kernel is in /boot. Since then, both are in
		// usr/lib/modules. Architectures whose boot loaders do not decompress have the file vmlinux.
		_, below, _ := strings.Cut(f.Name, "lib/modules/")
		release, file, _ := strings.Cut(below, "/")
		isKernel := file == "vmlinuz" || file == "vmlinux"
		for _, prefix := range []string{"boot/vmlinuz-", "boot/vmlinux-"} {
			if !isKernel {
				release, isKernel = strings.CutPrefix(f.Name, prefix)
			}
		}
		if isKernel {
			if k.Release != "" {
				return fmt.Errorf("%s: a second kernel beside %s", f.Name, k.Release)
			}
			k.Release, k.Image = release, f.Data
		}
		_, inside, isModule := strings.Cut(below, "/kernel/")
		if !isModule || !strings.Contains(path.Base(inside), ".ko") {
			continue
		}
		m, err := readModule(inside, f.Data)
		if err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
		k.Modules[m.Name] = m
	}
	return nil
}

// wanted returns true if a guest can need the module. libcrc32c requests crc32c by name when it is loaded.
func wanted(m Module) bool {
	switch path.Dir(m.path) {
	case "net/netfilter", "net/ipv4/netfilter", "net/ipv6/netfilter", "fs/overlayfs":
		return true
	}
	return slices.Contains(m.Aliases, "crypto-crc32c")
}

// Write writes the kernel and its modules as a tar file, the kernel first.
func (k *Kernel) Write(w io.Writer) error {
	out := tar.NewWriter(w)
	put := func(name string, data []byte) error {
		if err := out.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(data))}); err != nil {
			return err
		}
		_, err := out.Write(data)
		return err
	}
	if err := put("vmlinuz-"+k.Release, k.Image); err != nil {
		return err
	}
	for _, name := range k.Modules.Names() {
		if err := put(k.Modules[name].path, k.Modules[name].Data); err != nil {
			return err
		}
	}
	return out.Close()
}

// Read reads the output of Write.
func Read(name string) (*Kernel, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	k := &Kernel{Modules: Modules{}}
	for in := tar.NewReader(file); ; {
		header, err := in.Next()
		if errors.Is(err, io.EOF) {
			return k, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		data, err := io.ReadAll(in)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if release, is := strings.CutPrefix(header.Name, "vmlinuz-"); is {
			k.Release, k.Image = release, data
			continue
		}
		m, err := readModule(header.Name, data)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", name, header.Name, err)
		}
		k.Modules[m.Name] = m
	}
}
