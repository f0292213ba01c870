package links

import (
	"slices"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/roots"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

func TestHiding(t *testing.T) {
	debian, alpine := roots.Find("Debian"), roots.Find("Alpine 3.20")
	for name, row := range map[string]struct {
		files roots.Tree
		self  string
		want  []string
	}{
		"nothing":            {debian.Installed, self, nil},
		"pinned":             {debian.Pinned[mode.Legacy], self, nil},
		"a later directory":  {debian.Installed.With(roots.Tree{"usr/bin/iptables": roots.Legacy}), self, nil},
		"leads to it":        {debian.Installed.With(roots.Tree{"usr/local/sbin/iptables@": "/usr/sbin/iptables"}), self, nil},
		"dangling":           {debian.Installed.With(roots.Tree{"usr/local/sbin/iptables@": "/nowhere"}), self, nil},
		"not executable":     {debian.Installed.With(roots.Tree{"usr/local/sbin/iptables": "text"}), self, nil},
		"a symlink":          {debian.Installed.With(roots.Tree{"usr/local/bin/iptables@": "/usr/sbin/iptables-nft"}), self, []string{"/usr/local/bin/iptables"}},
		"of the other mode":  {debian.Pinned[mode.Legacy].With(roots.Tree{"usr/local/bin/iptables@": "/usr/sbin/iptables-nft"}), self, []string{"/usr/local/bin/iptables"}},
		"a program":          {alpine.Installed.With(roots.Tree{"usr/sbin/ip6tables-save": roots.Legacy}), alpine.Wrapper, []string{"/usr/sbin/ip6tables-save"}},
		"a bundle":           {alpine.Installed.With(roots.Binaries("opt")), "/opt/iptables-wrapper", nil},
		"no iptables beside": {roots.Tree{"opt/iptables-wrapper": roots.Wrapper}, "/opt/iptables-wrapper", nil},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Hiding(openRoot(t, row.files.Build(t, programs)), row.self); !slices.Equal(got, row.want) {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}
