package probe

import (
	"errors"
	"io/fs"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

const maxTableSize = 64 << 20 // bytes of one legacy table: some 400,000 rules

// legacy queries ip_tables and ip6_tables. It stores its results in the Backend.
type legacy struct {
	*mode.Backend
	fds    [mode.NumFamilies]int // -1 until the first question
	listed bool                  // all tables of both families are known
	tables []*legacyTable        // the tables that exist
}

// legacyTable is one table of a family.
type legacyTable struct {
	family mode.Family
	name   string
	rules  mode.RuleCount
}

// newLegacy detects which legacy tables and hint chains exist. It reads the names files, which list the tables of a network
// namespace without creating any; a question for a table by name would create it. A call that is not permitted to read them asks
// for table mangle nevertheless, because a process that can change rules must see the kubelet chain.
//
// A missing names file means that the backend is not loaded, if /proc is mounted: x_tables creates the file for each network
// namespace (xt_proto_init in net/netfilter/x_tables.c).
func newLegacy(b *mode.Backend, buf []byte, call bool) *legacy {
	l := &legacy{Backend: b, fds: [...]int{-1, -1}, listed: true}
	var lines [len(managed)]string
	for i, name := range managed {
		lines[i] = "\n" + name + "\n"
	}
	for i, path := range [...]string{procNet + "ip_tables_names", procNet + "ip6_tables_names"} {
		f := mode.Family(i)
		found, err := contains(path, buf, lines[:]...)
		for i, name := range managed {
			if found[i] {
				l.tables = append(l.tables, &legacyTable{family: f, name: name})
			}
		}
		missing := err == unix.ENOENT
		switch {
		case !missing: // this includes EACCES: the file belongs to another user or user namespace
			b.Answers = mode.Present
		case procMounted():
			err = nil
		default:
			path, err = "/proc", errors.New("not mounted")
		}
		if err != nil {
			l.listed = false
			unsure(b, &fs.PathError{Op: "read", Path: path, Err: err})
		}
		if err == nil || call && !missing && l.askForMangle(f) {
			b.Hints[f] = mode.NoHints()
		}
	}
	if b.Answers == mode.Unknown && l.listed {
		b.Answers = mode.Absent
	}
	for _, t := range l.tables {
		if t.name == mode.HintTable && !l.take(t, true) {
			b.Hints[t.family] = [mode.NumHints]mode.Outcome{}
		}
	}
	return l
}

// askForMangle detects whether table mangle exists, and returns whether it succeeded. It asks for entries of size 0: unlike the
// question for a table's size, that loads no module (get_entries in net/ipv4/netfilter/ip_tables.c).
func (l *legacy) askForMangle(f mode.Family) (known bool) {
	t := &legacyTable{family: f, name: mode.HintTable}
	switch _, err := l.entries(t, 0); err {
	case unix.EAGAIN: // the size is another one: mangle exists
		l.tables = append(l.tables, t)
		return true
	case unix.ENOENT, unix.ENOPROTOOPT: // no such table; ip_tables is not loaded
		return true
	}
	return false
}

func (l *legacy) close() {
	for _, fd := range l.fds {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
}

// measure finds the rule count. Unless exactly is true, bounds are enough, and large tables are not read.
func (l *legacy) measure(exactly bool) {
	l.Rules = mode.RuleCount{Bounded: l.listed}
	for _, t := range l.tables {
		if !t.rules.Exact() {
			l.take(t, exactly)
		}
		l.Rules = l.Rules.Plus(t.rules)
	}
}

// take finds the rule count of a table: bounds, or the exact number if exactly is true. If it has to read the entries of the table,
// it also records hint chains. It reports whether it succeeded.
func (l *legacy) take(t *legacyTable, exactly bool) bool {
	err := steady(errors.New("table changes while it is read"), func() error {
		// The question for its size creates a table that does not exist: ask only for a listed one.
		info := new(getinfo)
		err := l.getsockopt(t, optGetInfo, unsafe.Slice((*byte)(unsafe.Pointer(info)), unsafe.Sizeof(*info)))
		if err != nil && err != unix.ENOENT { // ENOENT: the table was removed meanwhile, so its size is zero
			return err
		}
		// A user-defined chain has two entries, but counts one. The number of policies other than ACCEPT is unknown.
		n := info.others()
		t.rules = mode.RuleCount{Least: (n + 1) / 2, Most: n + uint64(info.policies()), Bounded: true}
		switch {
		case info.size == 0, !exactly && n > 0: // without other entries, only the policies are read
			return nil
		case info.size > maxTableSize:
			return errors.New("table too large")
		}
		entries, err := l.entries(t, info.size)
		if err != nil {
			return err // EAGAIN if the size has changed
		}
		chains, policies, err := walk(entries, t.family, info, func(name []byte) {
			for h := range mode.NumHints {
				if t.name == mode.HintTable && string(name) == mode.Hint(h).String() {
					l.Hints[t.family][h] = mode.Present
				}
			}
		})
		if err == nil {
			t.rules = mode.Exactly(n - min(chains, n) + policies)
		}
		return err
	})
	if err != nil {
		unsure(l.Backend, &fs.PathError{Op: "read", Path: t.family.String() + " table " + t.name, Err: err})
	}
	return err == nil
}
