package applet_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

func TestNames(t *testing.T) {
	tests := []struct {
		applet            applet.Applet
		name, nft, legacy string
	}{
		{applet.IPTables, "iptables", "iptables-nft", "iptables-legacy"},
		{applet.IPTablesSave, "iptables-save", "iptables-nft-save", "iptables-legacy-save"},
		{applet.IPTablesRestore, "iptables-restore", "iptables-nft-restore", "iptables-legacy-restore"},
		{applet.IP6Tables, "ip6tables", "ip6tables-nft", "ip6tables-legacy"},
		{applet.IP6TablesSave, "ip6tables-save", "ip6tables-nft-save", "ip6tables-legacy-save"},
		{applet.IP6TablesRestore, "ip6tables-restore", "ip6tables-nft-restore", "ip6tables-legacy-restore"},
	}
	if len(tests) != applet.Count {
		t.Fatalf("%d rows for %d applets", len(tests), applet.Count)
	}
	for i, tt := range tests {
		if got := applet.All()[i]; got != tt.applet {
			t.Errorf("All()[%d] = %v, want %v", i, got, tt.applet)
		}
		if got := tt.applet.String(); got != tt.name {
			t.Errorf("String() = %q, want %q", got, tt.name)
		}
		if got := tt.applet.In(mode.NFT); got != tt.nft {
			t.Errorf("%s.In(NFT) = %q, want %q", tt.name, got, tt.nft)
		}
		if got := tt.applet.In(mode.Legacy); got != tt.legacy {
			t.Errorf("%s.In(Legacy) = %q, want %q", tt.name, got, tt.legacy)
		}
		if got, ok := applet.Parse(tt.name); !ok || got != tt.applet {
			t.Errorf("Parse(%q) = %v, %v", tt.name, got, ok)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, name := range []string{"", "iptable", "iptables2", "iptables-nft", "ip6tables-legacy-save", "iptables-wrapper",
		"iptables-xml", "arptables", "/usr/sbin/iptables", "IPTABLES", "iptables "} {
		if a, ok := applet.Parse(name); ok {
			t.Errorf("Parse(%q) = %v, want none", name, a)
		}
	}
}

// Both lists contain the same directories, in a different order.
func TestDirs(t *testing.T) {
	dirs, path := applet.Dirs(), strings.Split(applet.Path, ":")
	slices.Sort(dirs)
	slices.Sort(path)
	if !slices.Equal(dirs, path) {
		t.Errorf("Dirs has %q, Path has %q", dirs, path)
	}
}
