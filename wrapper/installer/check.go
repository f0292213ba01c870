package installer

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/xtables"
)

// site is what the root holds.
type site struct {
	root    *rootfs.Root
	inst    xtables.Installation
	wrapper string // where the wrapper belongs: beside the mode binaries
}

// survey finds the mode binaries. Without any there is no place for the wrapper, so this check cannot be skipped.
func survey(root *rootfs.Root) (*site, error) {
	inst, err := xtables.Find(root, "")
	if _, oldErr := root.Stat("/usr/sbin/xtables-multi"); err != nil && oldErr == nil {
		return nil, errors.New("iptables is older than 1.8 and has no modes to choose from: update it to 1.8.4 or later")
	}
	if err != nil {
		return nil, errors.New("no iptables in " + root.Dir() + ": " + err.Error() + ": install the distribution's iptables package first")
	}
	wrapper, err := inst.Wrapper(root)
	if err != nil {
		return nil, err
	}
	return &site{root, inst, wrapper}, nil
}

// check refuses what would install well and then not work. With nftOnly there is to be no legacy variant, instead of one.
func (s *site) check(program []byte, nftOnly bool) error {
	own, err := elfMachine(program)
	if err != nil {
		return errors.New("the wrapper to install: " + err.Error())
	}
	for _, m := range []mode.Mode{mode.NFT, mode.Legacy} {
		if nftOnly && m == mode.Legacy {
			if file := s.inst.Path(m, applet.IPTables); file != "" {
				return errors.New("--nft-only, but " + file + " is here: install without it, which serves hosts of both modes")
			}
			return nil
		}
		if !s.inst.Has(m) {
			return errors.New("iptables has no " + m.String() + " variant here: " + s.remedy(m) +
				[...]string{mode.Legacy: ", or install with --nft-only if every host is in nft mode"}[m])
		}
		file := s.inst.Path(m, applet.IPTables)
		data, err := s.root.ReadFile(file, maxBinary)
		if err != nil {
			return err
		}
		machine, err := elfMachine(data)
		if err != nil {
			return errors.New(file + ": " + err.Error() + ": reinstall iptables")
		}
		if machine != own {
			return errors.New("the wrapper is built for " + own.String() + " but " + file + " for " + machine.String() +
				": install the wrapper built for " + machine.String())
		}
		v, found := version(data, m)
		if !found {
			return errors.New(file + ": no version in it: if it is 1.8.4 or later, install with --no-sanity-check")
		}
		if v.before(oldest) {
			return errors.New("iptables " + v.String() + " is too old: 1.8.0 to 1.8.3 " + oldBugs + ": update iptables to 1.8.4 or later")
		}
	}
	return nil
}

// oldBugs is why iptables before 1.8.4 is refused: -C is kubernetes/kubernetes#82361, the hang is why the first
// iptables-wrappers gave iptables-nft-save of 1.8.3 five seconds.
const oldBugs = "have known bugs in nft mode (-C misses rules that are there, iptables-nft-save can hang)"

// release is a version of iptables.
type release [3]int

func (r release) String() string {
	return strconv.Itoa(r[0]) + "." + strconv.Itoa(r[1]) + "." + strconv.Itoa(r[2])
}

func (r release) before(other release) bool { return slices.Compare(r[:], other[:]) < 0 }

// oldest is the first release without the bugs of 1.8.0 to 1.8.3.
var oldest = release{1, 8, 4}

// version reads the release out of a program's data, without running it. Newer ones have what --version prints after the v
// as one constant, "1.8.9 (nf_tables)" or "1.8.9 (legacy)"; older ones (1.8.7) have the number alone, for "%s v%s (legacy)".
func version(data []byte, m mode.Mode) (release, bool) {
	suffix := []byte([...]string{mode.NFT: " (nf_tables)", mode.Legacy: " (legacy)"}[m])
	if !bytes.Contains(data, suffix) {
		return release{}, false
	}
	for constant := range bytes.SplitSeq(data, []byte{0}) {
		if number, found := bytes.CutSuffix(constant, suffix); found || len(constant) <= len("1.8.99") {
			// The number alone must look like iptables' own: other libraries' versions may be there, too.
			if r, ok := parseRelease(string(number)); ok && (found || (r[0] == 1 && r[1] >= 8)) {
				return r, true
			}
		}
	}
	return release{}, false
}

func parseRelease(text string) (release, bool) {
	var r release
	parts := strings.Split(text, ".")
	if len(parts) < 2 || len(parts) > 4 {
		return r, false
	}
	for i, part := range parts[:min(len(parts), 3)] {
		n, err := strconv.Atoi(part)
		if err != nil {
			return r, false
		}
		r[i] = n
	}
	return r, true
}

// machine is what has to agree between two programs of one root: word size, byte order and instruction set.
type machine struct {
	class, order byte
	number       uint16
}

// machines names the numbers of elf.h as Go names the architectures.
var machines = map[uint16]string{
	3: "386", 21: "ppc64le", 22: "s390x", 40: "arm", 62: "amd64", 183: "arm64", 243: "riscv64", 258: "loong64",
}

func (m machine) String() string {
	if name := machines[m.number]; name != "" {
		return name
	}
	return "ELF machine " + strconv.Itoa(int(m.number))
}

// elfMachine reads the beginning of an ELF file: e_ident[EI_CLASS], e_ident[EI_DATA] and e_machine.
func elfMachine(data []byte) (machine, error) {
	if len(data) < 20 || string(data[:4]) != "\x7fELF" || (data[5] != 1 && data[5] != 2) {
		return machine{}, errors.New("is no ELF program")
	}
	m := machine{class: data[4], order: data[5], number: binary.LittleEndian.Uint16(data[18:])}
	if m.order == 2 {
		m.number = binary.BigEndian.Uint16(data[18:])
	}
	return m, nil
}
