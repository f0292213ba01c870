package probe

import (
	"errors"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

const (
	maxTableSize = 64 << 20 // bytes of one legacy table: some 400,000 rules
	maxFetches   = 5        // of one table: it may change between the question for its size and that for its entries
)

var (
	errTableTooLarge = errors.New("table too large")
	errTableChanging = errors.New("table changes while it is read")
	errNoProc        = errors.New("/proc: not mounted")
)

// legacy asks ip_tables and ip6_tables. What it concludes goes into the Backend.
type legacy struct {
	*mode.Backend
	fds    [mode.NumFamilies]int // -1 until a table is asked about
	listed [mode.NumFamilies]bool
	mangle [mode.NumFamilies]bool // whether it is known if table mangle exists
	tables []*legacyTable         // those that exist
}

// legacyTable is one table of a family.
type legacyTable struct {
	family mode.Family
	name   string
	rules  mode.RuleCount
}

// newLegacy finds out which legacy tables exist. It reads the names files, which list a network namespace's tables
// without creating any; asking for a table by name would create it. A call that is not permitted to read them asks for table
// mangle all the same: a process that may change rules shall see the kubelet chain.
//
// A names file that is missing means that the backend is not loaded, provided /proc is mounted: x_tables creates the
// file for each network namespace (xt_proto_init in net/netfilter/x_tables.c).
func newLegacy(b *mode.Backend, buf []byte, call bool) *legacy {
	l := &legacy{Backend: b}
	missing := 0
	for f, path := range [...]string{procNet + "ip_tables_names", procNet + "ip6_tables_names"} {
		l.fds[f] = -1
		err := eachLine(path, buf, func(line []byte) bool {
			if name := string(line); slices.Contains(managed[:], name) {
				l.tables = append(l.tables, &legacyTable{family: mode.Family(f), name: name})
			}
			return true
		})
		switch {
		case err == nil:
			b.Answers = mode.Present
			l.listed[f], l.mangle[f] = true, true
		case !errors.Is(err, unix.ENOENT): // EACCES: a user or a user namespace that does not own the file
			b.Answers = mode.Present
			unsure(b, err)
			if call {
				l.askForMangle(mode.Family(f))
			}
		case procMounted():
			l.listed[f], l.mangle[f] = true, true
			missing++
		default:
			unsure(b, errNoProc)
		}
	}
	if missing == len(l.fds) {
		b.Answers = mode.Absent
	}
	return l
}

func (l *legacy) close() {
	for _, fd := range l.fds {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
}

// hints looks for the hint chains.
func (l *legacy) hints() {
	for f, known := range l.mangle {
		if known {
			l.Hints[f] = mode.NoHints()
		}
	}
	for _, t := range l.tables {
		if t.name == mode.HintTable && !l.read(t) {
			l.Hints[t.family] = [mode.NumHints]mode.Outcome{}
		}
	}
}

// measure takes the rule count: between which numbers it is, without reading the content of large tables, or exactly.
func (l *legacy) measure(exactly bool) {
	l.Rules = mode.RuleCount{Bounded: l.listed == [mode.NumFamilies]bool{true, true}}
	for _, t := range l.tables {
		switch {
		case exactly && !t.rules.Exact():
			l.read(t)
		case !t.rules.Bounded:
			l.bound(t)
		}
		l.Rules = l.Rules.Plus(t.rules)
	}
}

func (l *legacy) bound(t *legacyTable) {
	var info getinfo
	if err := l.info(t, &info); err != nil {
		l.unsure(t, err)
		return
	}
	// Chains count one and have two entries; of the policies nothing is known.
	n := info.others()
	t.rules = mode.RuleCount{Least: (n + 1) / 2, Most: n + uint64(info.policies()), Bounded: true}
	if n == 0 {
		l.read(t) // there are the policies alone to read
	}
}

// read reads a table: it takes its rule count and notes the hint chains. It returns whether it could.
func (l *legacy) read(t *legacyTable) bool {
	var info getinfo
	entries, err := l.fetch(t, &info)
	if err != nil {
		l.unsure(t, err)
		return false
	}
	chains, policies, err := read(entries, t.family, &info, func(name []byte) {
		l.Owners.Count(name)
		for h := range mode.NumHints {
			if t.name == mode.HintTable && string(name) == mode.Hint(h).String() {
				l.Hints[t.family][h] = mode.Present
			}
		}
	})
	if err != nil {
		l.unsure(t, err)
		return false
	}
	t.rules = mode.Exactly(info.others() - min(chains, info.others()) + policies)
	return true
}

// unsure notes why a table's rule count is not known.
func (l *legacy) unsure(t *legacyTable, err error) {
	unsure(l.Backend, &probeError{t.family.String() + " table " + t.name, err})
}

// askForMangle finds out whether table mangle exists, by asking for entries of size 0: unlike the question for a table's size,
// that loads no module (get_entries in net/ipv4/netfilter/ip_tables.c). The kernel's answer is the check of the permission.
func (l *legacy) askForMangle(f mode.Family) {
	err := l.socket(f)
	if err == nil {
		_, err = getEntries(l.fds[f], f, mode.HintTable, 0)
	}
	switch err {
	case unix.EAGAIN: // the size is another one
		l.tables = append(l.tables, &legacyTable{family: f, name: mode.HintTable})
		l.mangle[f] = true
	case unix.ENOENT, unix.ENOPROTOOPT: // no such table; ip_tables is not loaded
		l.mangle[f] = true
	}
}

func (l *legacy) socket(f mode.Family) error {
	if l.fds[f] >= 0 {
		return nil
	}
	domains := [...]int{unix.AF_INET, unix.AF_INET6}
	fd, err := unix.Socket(domains[f], unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return &probeError{"socket", err}
	}
	l.fds[f] = fd
	return nil
}

// info asks for the size of a table. It stays zero if the table was removed since the names file was read.
func (l *legacy) info(t *legacyTable, info *getinfo) error {
	if err := l.socket(t.family); err != nil {
		return err
	}
	if err := getInfo(l.fds[t.family], t.family, t.name, info); err != unix.ENOENT {
		return err
	}
	return nil
}

// fetch returns a table's size and entries.
func (l *legacy) fetch(t *legacyTable, info *getinfo) (entries []byte, err error) {
	for range maxFetches {
		err := l.info(t, info)
		switch {
		case err != nil || info.size == 0:
			return nil, err
		case info.size > maxTableSize:
			return nil, errTableTooLarge
		}
		entries, err = getEntries(l.fds[t.family], t.family, t.name, info.size)
		if err != unix.EAGAIN { // its size is not info.size any more
			return entries, err
		}
	}
	return nil, errTableChanging
}
