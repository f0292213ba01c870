package alternatives

import (
	"path/filepath"
	"testing"
)

// Parse never panics, and what it accepts it writes in a form that reads and writes the same again.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/*.*")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		_, data := golden(f, filepath.Base(file))
		f.Add(data)
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
			again.Register(Registration{Link: again.Link, Path: "/usr/sbin/iptables-wrapper", Priority: 100})
			if _, err := Parse(format, "iptables", "file", again.Bytes()); err != nil {
				t.Fatalf("format %d: refused after Register: %v\n%q", format, err, again.Bytes())
			}
		}
	})
}
