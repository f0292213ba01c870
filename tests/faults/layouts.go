package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/tests/roots"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/links"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/mode"
)

// layout is one way in which a distribution manages the six names. All have Debian's own programs; what a layout changes is
// changed in a root file system with Debian's layout.
type layout struct {
	name   string
	change func(root, alts string) error
	// start is the program that a call of iptables begins with, if that is not what the name leads to.
	start string
}

func layouts() []layout {
	return []layout{
		{name: "debian", change: func(string, string) error { return nil }},
		{name: "plain", change: func(root, _ string) error {
			return errors.Join(noDatabase(root), point(root, "usr/sbin", func(applet.Applet) string { return "xtables-nft-multi" }))
		}},
		{name: "chkconfig", change: chkconfig},
		// libalternatives' program executes the wrapper: to begin there is to follow the wrapper, not that program.
		{name: "libalternatives", change: libalternatives, start: "/usr/sbin/iptables-wrapper"},
	}
}

// noDatabase takes Debian's registrations out, as in an image without its package manager.
func noDatabase(root string) error {
	var failed []error
	for _, a := range applet.All() {
		failed = append(failed, os.Remove(filepath.Join(root, "etc/alternatives", a.String())))
	}
	for _, group := range []string{"iptables", "ip6tables"} {
		failed = append(failed, os.Remove(filepath.Join(root, "var/lib/dpkg/alternatives", group)))
	}
	return errors.Join(failed...)
}

// point makes a link of each applet name in dir.
func point(root, dir string, target func(applet.Applet) string) error {
	for _, a := range applet.All() {
		name := filepath.Join(root, dir, a.String())
		if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		if err := os.Symlink(target(a), name); err != nil {
			return err
		}
	}
	return nil
}

// chkconfig is Fedora's layout: one group, with what iptables-nft and iptables-legacy register.
func chkconfig(root, _ string) error {
	database := filepath.Join(root, "var/lib/alternatives")
	return errors.Join(
		noDatabase(root),
		os.MkdirAll(database, 0o755),
		os.WriteFile(filepath.Join(database, "iptables"), []byte(roots.State("fedora-nft-legacy.chkconfig")), 0o644),
		point(root, links.AlternativesDir, func(a applet.Applet) string { return "/usr/sbin/" + a.In(mode.NFT) }),
		point(root, "usr/sbin", func(a applet.Applet) string { return links.AlternativesDir + "/" + a.String() }),
	)
}

// libalternatives is openSUSE's layout, with an administrator's override in the way.
func libalternatives(root, alts string) error {
	program, err := os.ReadFile(alts)
	if err != nil {
		return err
	}
	all := applet.All()
	var names []string
	for _, a := range all {
		names = append(names, a.String())
	}
	failed := []error{
		noDatabase(root),
		os.WriteFile(filepath.Join(root, "usr/bin/alts"), program, 0o755),
		os.WriteFile(filepath.Join(root, "etc/libalternatives.conf"), []byte("vim=20\nip6tables=2\n"), 0o644),
		point(root, "usr/sbin", func(applet.Applet) string { return "/usr/bin/alts" }),
	}
	for _, a := range all {
		dir := filepath.Join(root, links.ConfDir, a.String())
		failed = append(failed, os.MkdirAll(dir, 0o755))
		for number, m := range map[string]string{"1": "legacy", "2": "nft"} {
			conf := "binary=/usr/sbin/xtables-" + m + "-multi\ngroup=" + strings.Join(names, ", ") + "\noptions=KeepArgv0\n"
			failed = append(failed, os.WriteFile(filepath.Join(dir, number+".conf"), []byte(conf), 0o644))
		}
	}
	return errors.Join(failed...)
}
