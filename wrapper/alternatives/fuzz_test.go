package alternatives

import (
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/roots"
)

// Parse never panics. If it accepts a file, Bytes returns a file that results in the same bytes again.
func FuzzParse(f *testing.F) {
	for _, name := range roots.States() {
		f.Add([]byte(roots.State(name)))
	}
	f.Add([]byte("manual\n/a\n\n/b\n-0x10  s c\n\n\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, format := range []Format{Dpkg, Chkconfig} {
			g, err := Parse(format, "iptables", "file", data)
			if err != nil {
				continue
			}
			once := g.Bytes()
			again, err := Parse(format, "iptables", "file", once)
			if err != nil {
				t.Fatalf("format %d: own output is refused: %v\n%q", format, err, once)
			}
			if twice := again.Bytes(); string(twice) != string(once) {
				t.Fatalf("format %d: not stable\n%q\n%q", format, once, twice)
			}
			again.Register(Alternative{Path: "/usr/sbin/iptables-wrapper", Priority: 100})
			if _, err := Parse(format, "iptables", "file", again.Bytes()); err != nil {
				t.Fatalf("format %d: refused after Register: %v\n%q", format, err, again.Bytes())
			}
		}
	})
}

// A binary that is written into a configuration is read from it again. An override file never selects a negative number.
func FuzzConf(f *testing.F) {
	f.Add([]byte("binary=/usr/sbin/xtables-nft-multi\ngroup=iptables, iptables-save\noptions=KeepArgv0\n"))
	f.Add([]byte("iptables=2\nip6tables = 1 # by hand\n"))
	f.Add([]byte("binary\n=\n binary = x"))
	f.Fuzz(func(t *testing.T, data []byte) {
		const wrapper = "/usr/sbin/iptables-wrapper"
		was := ConfBinary(data)
		if now := ConfBinary(ConfWithBinary(data, wrapper)); was != "" && now != wrapper {
			t.Fatalf("%q runs %q, made to run the wrapper: %q", data, was, now)
		}
		if n := Override(data, "iptables"); n < 0 {
			t.Fatalf("%q selects %d", data, n)
		}
	})
}
