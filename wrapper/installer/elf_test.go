package installer

import (
	"encoding/binary"
	"testing"
)

// A hostile binary with a thousand needed libraries must not take more work than a real one.
func TestManyNeededLibraries(t *testing.T) {
	const header, segment, entries = 64, 56, 1000
	data := make([]byte, header+segment+16*(entries+1))
	copy(data, "\x7fELF\x02\x01\x01")
	le := binary.LittleEndian
	le.PutUint16(data[18:], 62)
	le.PutUint64(data[32:], header)
	le.PutUint16(data[54:], segment)
	le.PutUint16(data[56:], 1)
	le.PutUint32(data[header:], 2) // PT_DYNAMIC
	le.PutUint64(data[header+8:], header+segment)
	for i := range entries {
		le.PutUint64(data[header+segment+16*i:], 1) // DT_NEEDED
	}
	p, err := parseELF(data)
	if err != nil || len(p.needed) != 100 {
		t.Errorf("%d libraries, error %v; want 100", len(p.needed), err)
	}
}
