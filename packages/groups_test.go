package packages_test

import "strings"

// register registers one group for all six commands in dir with the distribution's alternatives program, as the scripts
// of Fedora's and SLE's packages do.
func (m *machine) register(program, dir, priority string, file func(name string) string) {
	argv := []string{program, "--install", dir + "/iptables", "iptables", dir + "/" + file("iptables"), priority}
	for _, name := range names[1:] {
		argv = append(argv, "--slave", dir+"/"+name, name, dir+"/"+file(name))
	}
	m.run(argv...)
}

// rpmLifecycle installs, upgrades and removes a package, first over a group in automatic mode, then over a group with legacy
// chosen manually.
func rpmLifecycle(m *machine, rpm, newer, program, dir string) {
	leads := func(what, want string) {
		m.t.Helper()
		chain, err := m.Links("/usr/sbin/ip6tables-save")
		if err != nil || chain[len(chain)-1] != want {
			m.t.Errorf("%s: ip6tables-save leads through %q, %v, want %s at the end", what, chain, err, want)
		}
	}
	for _, mode := range []string{"nft", "legacy"} {
		if mode == "legacy" {
			said := m.run(program, "--display", "iptables")
			choice := dir + "/iptables-legacy"
			if !strings.Contains(said, choice) {
				choice = dir + "/xtables-legacy-multi"
			}
			m.run(program, "--set", "iptables", choice)
		}
		before := m.tree()
		leads("before", dir+"/xtables-"+mode+"-multi")
		m.mustRPM("--install", rpm)
		leads("installed", dir+"/iptables-wrapper")
		if mode == "nft" {
			m.host("legacy", "usr/sbin")
		}
		m.modes("(legacy)")
		leads("pinned", dir+"/xtables-legacy-multi")
		m.mustRPM("--upgrade", newer)
		leads("upgraded", dir+"/iptables-wrapper")
		m.modes("(legacy)")
		leads("pinned again", dir+"/xtables-legacy-multi")
		m.mustRPM("--erase", name)
		m.same("erased", before)
	}
}
