package installer

import (
	"fmt"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/links"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/xtables"
)

func TestEveryLayout(t *testing.T) {
	real := programs(t)
	for _, c := range layoutCases() {
		t.Run(c.name, func(t *testing.T) {
			dir := c.before.build(t, real)
			untouched := snapshot(t, dir)

			dry, err := install(t, dir, func(o *Options) { o.DryRun = true })
			if err != nil || len(dry.Changes) < 7 {
				t.Fatalf("--dry-run says %v, %v", dry.Changes, err)
			}
			assertUnchanged(t, dir, untouched)

			r := mustInstall(t, dir)
			if r.Layout != c.want {
				t.Errorf("layout is %v, want %v", r.Layout, c.want)
			}
			if done := fmt.Sprint(r.Changes); done != fmt.Sprint(dry.Changes) {
				t.Errorf("--dry-run says\n%v, and done is\n%v", dry.Changes, done)
			}
			assertTree(t, dir, c.installed, c.wrapper)

			installed := snapshot(t, dir)
			if again := mustInstall(t, dir); len(again.Changes) != 0 {
				t.Errorf("the second install changes %v", again.Changes)
			}
			assertUnchanged(t, dir, installed)

			root := open(t, dir)
			inst, err := xtables.Find(root, "/"+c.wrapper)
			if err != nil {
				t.Fatal(err)
			}
			if err := links.Pin(root, "/"+c.wrapper, inst, mode.NFT, applet.IPTables); err != nil {
				t.Fatal(err)
			}
			assertTree(t, dir, c.pinned, c.wrapper)

			mustInstall(t, dir)
			assertTree(t, dir, c.installed, c.wrapper)
		})
	}
}
