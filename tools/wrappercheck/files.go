package main

import (
	"archive/tar"
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
)

// A file is what a path of the image is: a link, a directory, or a file of which only the ELF machine matters.
type file struct {
	link    string // target; empty if it is none
	same    string // for a hard link until all is read: the path that it is another name of
	dir     bool
	mode    fs.FileMode // permissions
	machine elf.Machine // of a file that is an ELF program, else EM_NONE
}

// A tree holds every path of an image, absolute and clean.
type tree map[string]file

// flatten reads the image's layers one over another.
func flatten(image v1.Image) (tree, error) {
	stream := mutate.Extract(image)
	defer stream.Close()
	files := tree{"/": {dir: true}}
	archive := tar.NewReader(stream)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		entry := file{mode: header.FileInfo().Mode().Perm()}
		switch header.Typeflag {
		case tar.TypeSymlink:
			entry.link = header.Linkname
		case tar.TypeDir:
			entry.dir = true
		case tar.TypeLink:
			entry.same = path.Join("/", header.Linkname)
		case tar.TypeReg:
			if entry.machine, err = readMachine(archive); err != nil {
				return nil, fmt.Errorf("%s: %w", header.Name, err)
			}
		}
		files.add(path.Join("/", header.Name), entry)
	}
	// The uppermost layer comes first, and so a hard link may come before its file.
	for name, entry := range files {
		if entry.same != "" {
			files[name] = files[entry.same]
		}
	}
	return files, nil
}

// add also makes the directories above name that the archive leaves out.
func (t tree) add(name string, entry file) {
	t[name] = entry
	for dir := path.Dir(name); dir != "/"; dir = path.Dir(dir) {
		if _, exists := t[dir]; !exists {
			t[dir] = file{dir: true}
		}
	}
}

// readMachine reads e_machine, which stands at byte 18 of every ELF file in the byte order that byte 5 says (elf(5)).
func readMachine(program io.Reader) (elf.Machine, error) {
	var head [20]byte
	if _, err := io.ReadFull(program, head[:]); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return elf.EM_NONE, nil
	} else if err != nil {
		return elf.EM_NONE, err
	}
	if !bytes.HasPrefix(head[:], []byte(elf.ELFMAG)) {
		return elf.EM_NONE, nil
	}
	if elf.Data(head[elf.EI_DATA]) == elf.ELFDATA2MSB {
		return elf.Machine(binary.BigEndian.Uint16(head[18:])), nil
	}
	return elf.Machine(binary.LittleEndian.Uint16(head[18:])), nil
}

// find looks for a command in the folders where the wrapper looks, and returns the path it has there and the file that
// it leads to.
func (t tree) find(command string) (name, target string, err error) {
	for _, dir := range applet.Dirs() {
		name = dir + "/" + command
		if target, err = t.resolve(name); !errors.Is(err, fs.ErrNotExist) {
			return name, target, err
		}
	}
	return command, "", fmt.Errorf("not in %s", strings.Join(applet.Dirs(), ", "))
}

// resolve follows the links in every part of name, as the kernel does with the image as its root.
func (t tree) resolve(name string) (string, error) {
	const most = 40 // MAXSYMLINKS of linux/namei.h
	links := 0
	done, rest := "/", name
	for rest != "" {
		var part string
		part, rest, _ = strings.Cut(strings.TrimLeft(rest, "/"), "/")
		next := path.Join(done, part)
		entry, exists := t[next]
		switch {
		case !exists && next != "/":
			return "", fmt.Errorf("%s: %w", next, fs.ErrNotExist)
		case entry.link == "":
			done = next
		default:
			if links++; links > most {
				return "", fmt.Errorf("%s: too many links", name)
			}
			rest = entry.link + "/" + rest
			if path.IsAbs(entry.link) {
				done = "/"
			}
		}
	}
	if t[done].dir {
		return "", fmt.Errorf("%s: a directory", done)
	}
	return done, nil
}
