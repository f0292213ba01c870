package installer

import (
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

// Binaries come from an image of unknown origin. No content may crash the readers.
func FuzzProgram(f *testing.F) {
	f.Add([]byte("\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x03\x00\x3e\x00"))
	f.Add([]byte("\x7fELF\x01\x02\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x16"))
	f.Add([]byte("\x001.2.5\x00%s v%s\n\x00 (nf_tables)\x001.8.9 (nf_tables)\x00"))
	f.Add([]byte("\x001.8.7\x00%s v%s (legacy)\n\x00"))
	f.Add([]byte("1.8.99999999999999999999 (legacy)\x00-1.-8 (nf_tables)"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if p, err := parseELF(data); err == nil && p.String() == "" {
			t.Errorf("%+v has no name", p)
		}
		for _, m := range []mode.Mode{mode.NFT, mode.Legacy} {
			if v := version(data, m); strings.Trim(v, "0123456789.") != "" {
				t.Errorf("%v is no version", v)
			}
		}
	})
}
