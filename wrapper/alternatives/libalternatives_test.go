package alternatives

import (
	"strings"
	"testing"
)

func TestConf(t *testing.T) {
	const conf = "binary=/usr/sbin/xtables-nft-multi\ngroup=iptables, iptables-save\noptions=KeepArgv0\n"
	if got := ConfBinary([]byte(conf)); got != "/usr/sbin/xtables-nft-multi" {
		t.Errorf("binary is %q", got)
	}
	got := string(ConfWithBinary([]byte(conf), "/usr/sbin/iptables-wrapper"))
	if want := "binary=/usr/sbin/iptables-wrapper\ngroup=iptables, iptables-save\noptions=KeepArgv0\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestOverride checks that Override parses a file as libalternatives does (its function parseConfigData): the first valid
// line with the name counts, every other line is ignored, and so is a file of 1 kB or more.
func TestOverride(t *testing.T) {
	for file, want := range map[string]int{
		"":                                     0,
		"iptables=2\n":                         2,
		"ip6tables=1\n iptables\t= 2 # why \n": 2,
		"iptables-save=1\n":                    0,
		"iptables=\niptables=0\niptables=3":    3,
		"iptables=2x\n":                        0,
		"# iptables=2\n":                       0,
		"iptables=2\niptables=1\n":             2,
		"iptables=2\n" + strings.Repeat("#", 1<<10): 0,
	} {
		if got := Override([]byte(file), "iptables"); got != want {
			t.Errorf("Override(%.40q) = %d, want %d", file, got, want)
		}
	}
}
