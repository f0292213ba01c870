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

// layout is one way in which a distribution manages the six names. All layouts are made by changing a root file system
// with Debian's layout, so they contain Debian's own commands.
type layout struct {
	name   string
	change func(root, alts string) error
	// start is the program with which a call of iptables starts, if that is not the target of the symlink.
	start string
}

func layouts() []layout {
	return []layout{
		{name: "debian", change: func(string, string) error { return nil }},
		{name: "plain", change: func(root, _ string) error {
			return errors.Join(noDatabase(root), point(root, "usr/sbin", func(applet.Applet) string { return "xtables-nft-multi" }))
		}},
		{name: "chkconfig", change: chkconfig},
		// libalternatives' program executes the wrapper. The trace starts at the wrapper, because faults are injected
		// into the wrapper only.
		{name: "libalternatives", change: libalternatives, start: "/usr/sbin/iptables-wrapper"},
	}
}

// noDatabase removes Debian's registrations, as in an image without its package manager.
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

// point makes a symlink for each applet in dir.
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

// chkconfig makes Fedora's layout: one group, as iptables-nft and iptables-legacy register it.
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

// libalternatives makes openSUSE's layout. An override file selects the wrapper for ip6tables.
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
		os.WriteFile(filepath.Join(root, "etc/libalternatives.conf"), []byte("vim=20\nip6tables=90\n"), 0o644),
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
