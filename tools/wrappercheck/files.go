package main

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/tools/imagetree"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
)

// tree is an image's tree. The Content of a file is its ELF machine, or EM_NONE if it is not an ELF file.
type tree struct{ *imagetree.Tree }

// flatten applies all layers of the image to one tree.
func flatten(image *imagetree.Layout) (tree, error) {
	files := imagetree.New(archive.NewMeter(imagetree.Limits(image.Size())), readMachine)
	return tree{files}, image.Apply(files)
}

// readMachine reads e_machine, which is at byte 18 of every ELF file, in the byte order that byte 5 states (elf(5)).
func readMachine(program io.Reader, _ int64) (int, error) {
	var head [20]byte
	if _, err := io.ReadFull(program, head[:]); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return int(elf.EM_NONE), nil
	} else if err != nil {
		return 0, err
	}
	if !bytes.HasPrefix(head[:], []byte(elf.ELFMAG)) {
		return int(elf.EM_NONE), nil
	}
	if elf.Data(head[elf.EI_DATA]) == elf.ELFDATA2MSB {
		return int(binary.BigEndian.Uint16(head[18:])), nil
	}
	return int(binary.LittleEndian.Uint16(head[18:])), nil
}

// command is the path at which a command is found, and the file that it leads to.
type command struct {
	name, target string
	file         imagetree.File
}

// find searches for a command in the directories that the wrapper searches.
func (t tree) find(base string) (command, error) {
	for _, dir := range applet.Dirs() {
		name := dir + "/" + base
		target, file, err := t.Lookup(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil && file.Type != archive.Regular {
			err = fmt.Errorf("%s: not a file", target)
		}
		return command{name, target, file}, err
	}
	return command{}, fmt.Errorf("not in %s", strings.Join(applet.Dirs(), ", "))
}
