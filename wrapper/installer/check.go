package installer

import (
	"bytes"
	"errors"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/xtables"
)

// site is what the root contains.
type site struct {
	root     *rootfs.Root
	inst     xtables.Installation
	wrapper  string // where the wrapper belongs: beside the mode binaries
	bundle   bool   // that is outside of the standard directories: nothing else is changed
	warnings []error
}

func (s *site) warn(text ...string) { s.warnings = append(s.warnings, failure(text...)) }

// survey finds the mode binaries. Without any there is no place for the wrapper, so this check cannot be skipped. self is the
// wrapper's path outside the root's own paths: the mode binaries in its directory come first, as for a call.
func survey(root *rootfs.Root, self string) (*site, error) {
	inst, err := xtables.Find(root, inside(root, self))
	if _, oldErr := root.Stat("/usr/sbin/xtables-multi"); err != nil && oldErr == nil {
		return nil, errors.New("iptables is older than 1.8 and has no modes to choose from: update it to 1.8.4 or later")
	}
	if err != nil {
		return nil, failure("no iptables in ", root.Dir(), ": ", err.Error(), ": install the distribution's iptables package first")
	}
	wrapper, err := inst.Wrapper(root)
	if err != nil {
		return nil, err
	}
	standard := slices.ContainsFunc(applet.Dirs(), func(dir string) bool {
		resolved, err := root.Resolve(dir)
		return err == nil && resolved == path.Dir(wrapper)
	})
	return &site{root: root, inst: inst, wrapper: wrapper, bundle: !standard}, nil
}

// inside returns the path inside the root of a file of the running root, symlinks resolved, or "" if it is not in the root.
func inside(root *rootfs.Root, file string) string {
	file, err := rootfs.Host().Resolve(file)
	dir, dirErr := rootfs.Host().Resolve(root.Dir())
	if err != nil || dirErr != nil || dir == "/" {
		return file
	}
	if rest, found := strings.CutPrefix(file, dir+"/"); found {
		return "/" + rest
	}
	return ""
}

// readEither reads a small file or, if it cannot be read, another one.
func (s *site) readEither(name, other string) ([]byte, error) {
	data, err := s.root.ReadFile(name, maxText)
	if err != nil {
		data, err = s.root.ReadFile(other, maxText)
	}
	return data, err
}

// modes returns the installed modes.
func (s *site) modes() []mode.Mode {
	return slices.DeleteFunc([]mode.Mode{mode.NFT, mode.Legacy}, func(m mode.Mode) bool { return !s.inst.Has(m) })
}

// check refuses what would install well and then not work. With nftOnly legacy must be missing, instead of installed.
func (s *site) check(wrapper []byte, nftOnly bool) error {
	for _, m := range []mode.Mode{mode.NFT, mode.Legacy} {
		if nftOnly && m == mode.Legacy {
			if file := s.inst.Path(m, applet.IPTables); file != "" {
				return failure("--nft-only, but ", file, " exists: install without --nft-only, which works on hosts of both modes")
			}
			return nil
		}
		if !s.inst.Has(m) {
			return failure("iptables has no ", m.String(), " variant here: ", s.remedy(m),
				[...]string{mode.Legacy: ", or install with --nft-only if every host is in nft mode"}[m])
		}
		if err := s.checkMode(m, wrapper); err != nil {
			return err
		}
	}
	return nil
}

// read reads a mode's binary, which must be of the wrapper's architecture.
func (s *site) read(m mode.Mode, wrapper []byte) (file string, data []byte, p program, err error) {
	own, err := parseELF(wrapper)
	if err != nil {
		return file, data, p, failure("the wrapper to install ", err.Error())
	}
	file = s.inst.Path(m, applet.IPTables)
	if data, err = s.root.ReadFile(file, maxBinary); err != nil {
		return file, data, p, err
	}
	if p, err = parseELF(data); err != nil {
		err = failure(file, " ", err.Error(), ": reinstall iptables")
	} else if p.machine != own.machine {
		err = failure("the wrapper is built for ", own.String(), " but ", file, " for ", p.String(),
			": install the wrapper built for ", p.String(), ", with --wrapper FILE")
	}
	return file, data, p, err
}

// checkMode looks whether a mode is complete and can be executed. A library that seems to be missing is only a warning: the
// dynamic linker may know more places.
func (s *site) checkMode(m mode.Mode, wrapper []byte) error {
	for _, a := range applet.All() {
		if _, err := s.root.Executable(s.inst.Path(m, a)); err != nil {
			return failure("mode ", m.String(), " is incomplete: ", err.Error(), ": install the whole iptables package, or copy ",
				xtables.Multi(m), " into ", s.inst[m].Dir)
		}
	}
	file, data, p, err := s.read(m, wrapper)
	if err != nil {
		return err
	}
	v, found := version(data, m)
	switch {
	case isWrapper(data):
		return failure(file, " is a copy of an iptables wrapper, not of iptables: reinstall iptables")
	case !found:
		return failure(file, ": no version in it: if it is 1.8.4 or later, install with --no-sanity-check")
	case v.before(oldest):
		return failure("iptables ", v.String(), " is too old: 1.8.0 to 1.8.3 ", oldBugs, ": update iptables to 1.8.4 or later")
	}
	if _, err := s.root.Executable(p.interpreter); err != nil && p.interpreter != "" {
		return failure(file, " needs its ELF interpreter ", p.interpreter, ", which is missing: ", err.Error(),
			": copy it and the libraries of ", file, " into this root")
	}
	s.warnMissing(file, p)
	return nil
}

// isWrapper tells whether a file is a wrapper of iptables, ours or upstream's. Programs in Go have their module's path in them,
// also if they are stripped: both projects' modules are named iptables-wrappers. Upstream's scripts (v1 and v2) repoint the name
// that they were called by and execute it again.
func isWrapper(data []byte) bool {
	if bytes.HasPrefix(data, []byte("\x7fELF")) {
		return bytes.Contains(data, []byte("/iptables-wrappers/"))
	}
	return bytes.HasPrefix(data, []byte("#!")) && bytes.Contains(data, []byte(`exec "$0" "$@"`)) &&
		bytes.Contains(data, []byte("iptables-legacy"))
}

// isIPTables tells whether a file is a binary of iptables, of either mode.
func isIPTables(data []byte) bool {
	_, nft := version(data, mode.NFT)
	_, legacy := version(data, mode.Legacy)
	return bytes.HasPrefix(data, []byte("\x7fELF")) && (nft || legacy)
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

func parseRelease(text string) (r release, ok bool) {
	parts := strings.Split(text, ".")
	for i, part := range parts[:min(len(parts), len(r))] {
		n, err := strconv.Atoi(part)
		if err != nil {
			return r, false
		}
		r[i] = n
	}
	return r, len(parts) >= 2 && len(parts) <= 4
}
