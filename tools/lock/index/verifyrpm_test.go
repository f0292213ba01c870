package index_test

import (
	"bytes"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"

	"github.com/iptables-wrappers/iptables-wrappers/tools/fixture"
	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/index"
)

// FuzzVerifyRPM checks that no package is accepted without a signature, and that header and payload of a signed package are
// accepted only unchanged. The parts outside of both (the lead, and the header with the signatures) may change.
func FuzzVerifyRPM(f *testing.F) {
	signer, _, err := fixture.NewSigner(2048)
	if err != nil {
		f.Fatal(err)
	}
	signed, err := fixture.Package{Name: "a", Version: "1-r0"}.RPM(signer)
	if err != nil {
		f.Fatal(err)
	}
	keys := openpgp.EntityList{signer}
	if err := index.VerifyRPM(signed, keys); err != nil {
		f.Fatal(err)
	}
	begin := bytes.LastIndex(signed, []byte{0x8e, 0xad, 0xe8, 1}) // of the main header
	// One byte of a package is changed. If the input is empty, that is a signed package, because each fuzzing process has
	// another key.
	f.Add([]byte{}, uint32(0), byte(0))
	f.Add([]byte{}, uint32(96+8), byte(0xff))       // tags of the signatures' header
	f.Add([]byte{}, uint32(96+12), byte(0xff))      // their size
	f.Add([]byte{}, uint32(96+16+8), byte(0x7f))    // offset of the first tag
	f.Add([]byte{}, uint32(begin+16+8), byte(0x7f)) // offset of the first tag of the main header
	f.Add([]byte{}, uint32(begin+40), byte(1))
	f.Add(signed[:begin], uint32(0), byte(0))
	f.Fuzz(func(t *testing.T, data []byte, at uint32, value byte) {
		if len(data) == 0 {
			data = signed
		}
		data = bytes.Clone(data)
		data[int(at)%len(data)] ^= value
		if index.VerifyRPM(data, nil) == nil || index.VerifyRPM(data, openpgp.EntityList{}) == nil {
			t.Fatal("accepted without a signature")
		}
		if index.VerifyRPM(data, keys) == nil && !bytes.HasSuffix(data, signed[begin:]) {
			t.Fatal("accepted, with another header or payload than was signed")
		}
	})
}
