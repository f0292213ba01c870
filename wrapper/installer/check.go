package installer

import (
	"bytes"
	"errors"
	"path"
	"slices"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/xtables"
)

// survey finds the mode binaries. Without them, no directory for the wrapper is known, so this check cannot be skipped. The
// directory of the wrapper that is to be installed is searched first, as in a call.
func survey(o Options) (*plan, error) {
	root := o.Root
	inst, err := xtables.FindInstalled(root, inside(root, o.Self))
	if errors.Is(err, xtables.ErrNone) {
		if _, err := root.Stat("/usr/sbin/xtables-multi"); err == nil {
			return nil, errors.New("iptables is older than 1.8 and has no modes to choose from: update it to 1.8.4 or later")
		}
		err = failure("no iptables in ", root.Dir(), ": ", err.Error(), ": install the distribution's iptables package first")
	}
	if err != nil {
		return nil, err
	}
	standard := slices.ContainsFunc(applet.Dirs(), func(dir string) bool {
		resolved, err := root.Resolve(dir)
		return err == nil && resolved == path.Dir(inst.Wrapper)
	})
	return &plan{Installation: inst, Plan: root.Plan(), options: o, bundle: !standard}, nil
}

// inside returns the path inside the root of a file of the running root, with symlinks resolved, or "" if it is not in the root.
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

// check refuses an installation that would succeed and then not work. With --nft-only, legacy must be missing.
func (p *plan) check(wrapper []byte) error {
	for _, m := range [...]mode.Mode{mode.NFT, mode.Legacy} {
		switch unwanted := m == mode.Legacy && p.options.NFTOnly; {
		case unwanted && p.Has(m):
			return failure("--nft-only, but ", p.Path(m, applet.IPTables),
				" exists: install without --nft-only, which works on hosts of both modes")
		case unwanted:
			return nil
		case !p.Has(m):
			return failure("iptables has no ", m.String(), " variant here: install the package that contains ", xtables.Multi(m), remedies[m])
		}
		if err := p.checkMode(m, wrapper); err != nil {
			return err
		}
	}
	return nil
}

// remedies are the packages that contain a mode's binary, and what to do where there is none.
var remedies = [...]string{
	mode.NFT: ": iptables-nft (Fedora, RHEL) or iptables (others); a distribution that builds iptables without nft cannot be used",
	mode.Legacy: ": iptables-legacy (Alpine, Fedora, EPEL 9 and 10) or iptables (Debian); RHEL, UBI and SLES 16 have only nft: " +
		"use another base image, or install with --nft-only if every host is in nft mode",
}

// read reads the binary of a mode, which must be for the wrapper's architecture.
func (p *plan) read(m mode.Mode, wrapper []byte) (b program, err error) {
	own, err := parseELF(wrapper)
	if err != nil {
		return b, failure("the wrapper to install ", err.Error())
	}
	name := p.Path(m, applet.IPTables)
	file, err := p.Root.ReadFile(name, maxBinary)
	if err != nil {
		return b, err
	}
	if b, err = parseELF(file.Data); err != nil {
		return b, failure(name, " ", err.Error(), ": reinstall iptables")
	}
	if b.machine != own.machine {
		err = failure("the wrapper is built for ", own.String(), " but ", name, " for ", b.String(),
			": install the wrapper built for ", b.String(), ", with --wrapper FILE")
	}
	return b, err
}

// checkMode checks that a mode is complete and can be executed. A shared library that seems to be missing is only a warning,
// because the dynamic linker may search other directories.
func (p *plan) checkMode(m mode.Mode, wrapper []byte) error {
	for _, a := range applet.All() {
		if _, err := p.Root.Executable(p.Path(m, a)); err != nil {
			return failure("mode ", m.String(), " is incomplete: ", err.Error(), ": install the whole iptables package, or copy ",
				xtables.Multi(m), " into ", p.Binaries[m].Dir)
		}
	}
	b, err := p.read(m, wrapper)
	if err != nil {
		return err
	}
	file := p.Path(m, applet.IPTables)
	switch number := version(b.data, m); {
	case isWrapper(b.data):
		return failure(file, " is a copy of an iptables wrapper, not of iptables: reinstall iptables")
	case number == "":
		return failure(file, ": no version in it: if it is 1.8.4 or later, install with --no-sanity-check")
	case slices.Contains(oldReleases, number):
		return failure("iptables ", number, " is too old: 1.8.0 to 1.8.3 have known bugs in nft mode (-C misses rules that are there, ",
			"iptables-nft-save can hang): update iptables to 1.8.4 or later")
	}
	if _, err := p.Root.Executable(b.interpreter); err != nil && b.interpreter != "" {
		return failure(file, " needs its ELF interpreter ", b.interpreter, ", which is missing: ", err.Error(),
			": copy it and the libraries of ", file, " into this root")
	}
	p.warnMissing(file, b)
	return nil
}

// isWrapper reports whether a file is an iptables wrapper, this project's or upstream's. Go binaries contain the path of their
// module even if they are stripped, and the modules of both projects are named iptables-wrappers. Upstream's scripts (v1 and v2)
// repoint the name by which they were called and execute it again.
func isWrapper(data []byte) bool {
	if bytes.HasPrefix(data, []byte("\x7fELF")) {
		return bytes.Contains(data, []byte("/iptables-wrappers/"))
	}
	return bytes.HasPrefix(data, []byte("#!")) && bytes.Contains(data, []byte(`exec "$0" "$@"`)) &&
		bytes.Contains(data, []byte("iptables-legacy"))
}

// isIPTables reports whether a file is a binary of iptables, of either mode.
func isIPTables(data []byte) bool {
	return bytes.HasPrefix(data, []byte("\x7fELF")) && (version(data, mode.NFT) != "" || version(data, mode.Legacy) != "")
}

// oldReleases have two known bugs: kubernetes/kubernetes#82361, and iptables-nft-save of 1.8.3 can hang.
var oldReleases = []string{"1.8.0", "1.8.1", "1.8.2", "1.8.3"}

// version returns the release from the data of a binary, without running it, or "". Newer binaries contain the text that --version
// prints after the v as one constant: "1.8.9 (nf_tables)" or "1.8.9 (legacy)". Older ones (1.8.7) contain only the number, for "%s
// v%s (legacy)", beside the versions of other libraries.
func version(data []byte, m mode.Mode) string {
	suffix := []byte([...]string{mode.NFT: " (nf_tables)", mode.Legacy: " (legacy)"}[m])
	if !bytes.Contains(data, suffix) {
		return ""
	}
	for constant := range bytes.SplitSeq(data, []byte{0}) {
		number, whole := bytes.CutSuffix(constant, suffix)
		known := whole && len(number) > 0 || bytes.HasPrefix(number, []byte("1.8."))
		if known && len(bytes.Trim(number, "0123456789.")) == 0 {
			return string(number)
		}
	}
	return ""
}
