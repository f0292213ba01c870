package installer

import (
	"fmt"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/roots"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/links"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/xtables"
)

func TestEveryLayout(t *testing.T) {
	programs := roots.Programs(t)
	for _, c := range roots.Layouts() {
		t.Run(c.Name, func(t *testing.T) {
			dir := c.Before.Build(t, programs)
			untouched := snapshot(t, dir)

			dry, err := install(t, dir, func(o *Options) { o.DryRun = true })
			if err != nil || len(dry.Changes) < 7 {
				t.Fatalf("--dry-run says %v, %v", dry.Changes, err)
			}
			assertUnchanged(t, dir, untouched)

			r := mustInstall(t, dir)
			if done := fmt.Sprint(r.Changes); done != fmt.Sprint(dry.Changes) {
				t.Errorf("--dry-run says\n%v, and done is\n%v", dry.Changes, done)
			}
			roots.Assert(t, dir, c.Installed)

			installed := snapshot(t, dir)
			if again := mustInstall(t, dir); len(again.Changes) != 0 {
				t.Errorf("the second install changes %v", again.Changes)
			}
			assertUnchanged(t, dir, installed)

			root := open(t, dir)
			inst, err := xtables.Find(root, c.Wrapper)
			if err != nil {
				t.Fatal(err)
			}
			if err := links.Pin(inst, mode.NFT, applet.IPTables); err != nil {
				t.Fatal(err)
			}
			roots.Assert(t, dir, c.Pinned[mode.NFT])

			mustInstall(t, dir)
			roots.Assert(t, dir, c.Installed)
		})
	}
}
