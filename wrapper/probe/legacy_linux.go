package probe

import (
	"errors"
	"math/bits"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

const (
	maxTableSize = 64 << 20  // bytes of one legacy table: some 400,000 rules
	maxExact     = 128 << 10 // bytes up to which a table is read to count its rules
	maxFetches   = 5         // of one table: it may change between the question for its size and that for its entries
)

var (
	errTableTooLarge = errors.New("table too large")
	errTableChanging = errors.New("table changes while it is read")
	errNoProc        = errors.New("/proc: not mounted")
)

// legacy is what is known of ip_tables and ip6_tables.
type legacy [mode.NumFamilies]legacyFamily

type legacyFamily struct {
	family  mode.Family
	fd      int // -1 until a table is asked about
	state   mode.Outcome
	tables  [numManaged]bool // those that exist, if state is Present and err is nil
	err     error            // why the tables are not known
	counted bool             // the table of the hint chains has been read, and
	rules   uint64           // holds so many rules
}

// openLegacy finds out which legacy tables exist. It reads the names files, which list a network namespace's tables
// without creating any; asking for a table by name would create it.
func openLegacy(b *mode.Backend) *legacy {
	l := new(legacy)
	missing := 0
	for f := range l {
		lf := &l[f]
		lf.family, lf.fd = mode.Family(f), -1
		lf.list()
		switch lf.state {
		case mode.Present:
			b.Answers = mode.Present
		case mode.Absent:
			missing++
		}
		if lf.err != nil {
			unsure(b, lf.err)
		}
	}
	if missing == len(l) {
		*b = mode.Missing()
	}
	return l
}

func (l *legacy) close() {
	for f := range l {
		if l[f].fd >= 0 {
			unix.Close(l[f].fd)
		}
	}
}

// list reads the names file. One that is not there means that the backend is not, provided /proc is what it should be:
// x_tables makes the file for each network namespace (xt_proto_init in net/netfilter/x_tables.c).
func (lf *legacyFamily) list() {
	path := procNet + "ip_tables_names"
	if lf.family == mode.IPv6 {
		path = procNet + "ip6_tables_names"
	}
	var buf [1024]byte
	text, err := readFile(path, buf[:])
	switch {
	case err == nil:
		lf.state = mode.Present
		lf.tables = parseNames(text)
	case !errors.Is(err, unix.ENOENT): // EACCES: a user namespace that does not own the file
		lf.state = mode.Present
		lf.err = err
	case unix.Access(procNet, unix.F_OK) == nil:
		lf.state = mode.Absent
	default:
		lf.err = errNoProc
	}
}

// hints looks for the hint chains.
func (l *legacy) hints(b *mode.Backend) {
	for f := range l {
		lf := &l[f]
		switch {
		case lf.err != nil: // Unknown
		case !lf.has(mode.HintTable):
			b.Hints[f] = [mode.NumHints]mode.Outcome{mode.Absent, mode.Absent}
		default:
			found, err := lf.find(mode.HintTable)
			if err != nil {
				unsure(b, err)
				continue
			}
			b.Hints[f] = found
		}
	}
}

// count counts the rules.
func (l *legacy) count(b *mode.Backend) {
	b.Rules.Complete = true
	for f := range l {
		lf := &l[f]
		if lf.err != nil {
			b.Rules.Complete = false
			continue
		}
		for i, table := range managed() {
			if !lf.tables[i] {
				continue
			}
			n, err := lf.countTable(table)
			if err != nil {
				b.Rules.Complete = false
				unsure(b, err)
			}
			b.Rules.Seen += n
		}
	}
}

func (lf *legacyFamily) has(table string) bool {
	for i, name := range managed() {
		if name == table {
			return lf.tables[i]
		}
	}
	return false
}

// find reads a table and looks for the hint chains in it. It notes how many rules there are on the way.
func (lf *legacyFamily) find(table string) (found [mode.NumHints]mode.Outcome, err error) {
	info, entries, err := lf.fetch(table, maxTableSize)
	if err != nil {
		return found, err
	}
	found = [mode.NumHints]mode.Outcome{mode.Absent, mode.Absent}
	chains, err := eachChain(entries, lf.family, func(name []byte) {
		for h := range found {
			if string(name) == mode.Hint(h).String() {
				found[h] = mode.Present
			}
		}
	})
	if err != nil {
		return [mode.NumHints]mode.Outcome{}, err
	}
	lf.counted, lf.rules = true, rules(info, chains)
	return found, nil
}

// countTable returns the number of rules in a table. Of a large table it is somewhat high: it is read off the number of
// entries, without the time it takes to read them all and tell rules from user-defined chains.
func (lf *legacyFamily) countTable(table string) (uint64, error) {
	if lf.counted && table == mode.HintTable {
		return lf.rules, nil
	}
	info, entries, err := lf.fetch(table, maxExact)
	if err == errTableTooLarge {
		return rules(info, 0), nil
	}
	if err != nil {
		return 0, err
	}
	chains, err := eachChain(entries, lf.family, func([]byte) {})
	if err != nil {
		return 0, err
	}
	return rules(info, chains), nil
}

// rules returns the number of rules in a table with so many user-defined chains. What else an entry can be: a built-in
// chain's policy, the head and the end of a user-defined chain, and the table's last entry.
func rules(info tableInfo, chains int) uint64 {
	others := bits.OnesCount32(info.hooks) + 2*chains + 1
	return uint64(max(int64(info.entries)-int64(others), 0))
}

// fetch returns a table's size and entries. A table without rules or user-defined chains has no entries worth reading
// and they are nil; of one of more than limit bytes they are not read.
func (lf *legacyFamily) fetch(table string, limit uint32) (info tableInfo, entries []byte, err error) {
	if lf.fd < 0 {
		fd, err := unix.Socket(addressFamily(lf.family), unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return info, nil, &probeError{lf.family.String() + " socket", err}
		}
		lf.fd = fd
	}
	for range maxFetches {
		info, err = getInfo(lf.fd, lf.family, table)
		switch {
		case err == unix.ENOENT: // gone since the names file was read
			return tableInfo{}, nil, nil
		case err != nil:
			return info, nil, &probeError{lf.family.String() + " table " + table, err}
		case rules(info, 0) == 0:
			return info, nil, nil
		case info.size > limit:
			return info, nil, errTableTooLarge
		}
		entries, err = getEntries(lf.fd, lf.family, table, info.size)
		switch err {
		case nil:
			return info, entries, nil
		case unix.EAGAIN: // its size is not info.size any more
		default:
			return info, nil, &probeError{lf.family.String() + " table " + table, err}
		}
	}
	return info, nil, errTableChanging
}

func addressFamily(f mode.Family) int {
	if f == mode.IPv6 {
		return unix.AF_INET6
	}
	return unix.AF_INET
}
