package rpm

import "testing"

func TestEncodeCapabilities(t *testing.T) {
	// setcap(8) of libcap 2.66 stores these bytes for the same text.
	for text, want := range map[string]string{
		"cap_net_admin,cap_net_raw=ep": "\x01\x00\x00\x02\x00\x30\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
		"cap_net_raw=p":                "\x00\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
		"= cap_bpf+i":                  "\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\x00\x00\x00",
	} {
		got, err := encodeCapabilities(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if got != want {
			t.Errorf("%s: % x, want % x", text, got, want)
		}
	}
	for _, text := range []string{"cap_nonsense=ep", "cap_net_raw", "cap_net_raw=x", "cap_net_raw=e-p"} {
		if _, err := encodeCapabilities(text); err == nil {
			t.Errorf("%s: accepted", text)
		}
	}
}
