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

// readEither reads a small file or, if that cannot be read, another one.
func readEither(root *rootfs.Root, name, other string) ([]byte, error) {
	file, err := root.ReadFile(name, maxText)
	if err != nil {
		file, err = root.ReadFile(other, maxText)
	}
	return file.Data, err
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
			return failure("iptables has no ", m.String(), " variant here: ", remedy(p.Root, m),
				[...]string{mode.Legacy: ", or install with --nft-only if every host is in nft mode"}[m])
		}
		if err := p.checkMode(m, wrapper); err != nil {
			return err
		}
	}
	return nil
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
	number, old := version(b.data, m)
	switch {
	case isWrapper(b.data):
		return failure(file, " is a copy of an iptables wrapper, not of iptables: reinstall iptables")
	case number == "":
		return failure(file, ": no version in it: if it is 1.8.4 or later, install with --no-sanity-check")
	case old:
		return failure("iptables ", number, " is too old: 1.8.0 to 1.8.3 ", oldBugs, ": update iptables to 1.8.4 or later")
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
	nft, _ := version(data, mode.NFT)
	legacy, _ := version(data, mode.Legacy)
	return bytes.HasPrefix(data, []byte("\x7fELF")) && nft+legacy != ""
}

// oldBugs is the reason to refuse iptables before 1.8.4. The fault of -C is kubernetes/kubernetes#82361. Because of the hang, the
// first iptables-wrappers used a timeout of five seconds for iptables-nft-save of 1.8.3.
const oldBugs = "have known bugs in nft mode (-C misses rules that are there, iptables-nft-save can hang)"

// version returns the release from the data of a binary, without running it, or "". Newer binaries contain the text that --version
// prints after the v as one constant: "1.8.9 (nf_tables)" or "1.8.9 (legacy)". Older ones (1.8.7) contain only the number, for "%s
// v%s (legacy)". old reports whether it is before 1.8.4.
func version(data []byte, m mode.Mode) (number string, old bool) {
	suffix := []byte([...]string{mode.NFT: " (nf_tables)", mode.Legacy: " (legacy)"}[m])
	if !bytes.Contains(data, suffix) {
		return "", false
	}
	for constant := range bytes.SplitSeq(data, []byte{0}) {
		number, found := bytes.CutSuffix(constant, suffix)
		if !found && len(constant) > len("1.8.99") {
			continue
		}
		// A number alone must look like one of iptables: the binary may contain versions of other libraries.
		if r, ok := parseRelease(string(number)); ok && (found || r[0] == 1 && r[1] >= 8) {
			return string(number), slices.Compare(r[:], []int{1, 8, 4}) < 0
		}
	}
	return "", false
}

func parseRelease(text string) (r [3]int, ok bool) {
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

// remedy returns how to get the missing mode on this distribution. Only this text depends on os-release.
func remedy(root *rootfs.Root, missing mode.Mode) string {
	data, _ := readEither(root, "/etc/os-release", "/usr/lib/os-release")
	release := parseOSRelease(data)
	is := func(id string) bool { return release["ID"] == id }
	// ID_LIKE of CentOS, Rocky and Alma contains rhel, that of Ubuntu debian.
	like := func(id string) bool { return is(id) || strings.Contains(" "+release["ID_LIKE"]+" ", " "+id+" ") }
	major, _, _ := strings.Cut(release["VERSION_ID"], ".")
	legacy := missing == mode.Legacy
	switch {
	case is("alpine") && legacy:
		return "apk add iptables-legacy (Alpine 3.19 and later package it alone)"
	case is("fedora") || is("amzn"):
		return "dnf install iptables-" + missing.String()
	case like("rhel") && legacy && major == "8", is("sles") && legacy:
		return "RHEL 8, UBI 8 and SLES 16 ship only nft: use another base image"
	case like("rhel") && legacy:
		return "RHEL and UBI from 8 on ship only nft: enable EPEL " + major + " and dnf install iptables-legacy"
	case like("rhel"):
		return "dnf install iptables-nft"
	case is("mariner") && !legacy:
		return "Mariner 2 builds iptables without nft and cannot serve: use Azure Linux 3"
	case is("bottlerocket") && !legacy:
		return "this Bottlerocket builds iptables without nft: update it"
	case is("gentoo") && !legacy:
		return "emerge net-firewall/iptables with USE=nftables"
	case like("debian"):
		return "apt-get install --reinstall iptables"
	}
	return "install the package that has " + xtables.Multi(missing)
}

// parseOSRelease reads the values of os-release(5) that are plain words. The fields that remedy reads are.
func parseOSRelease(data []byte) map[string]string {
	values := map[string]string{}
	for line := range strings.Lines(string(data)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		values[key] = strings.Trim(value, `"'`)
	}
	return values
}
