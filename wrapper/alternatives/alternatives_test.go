package alternatives

import (
	"path"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/roots"
)

// golden returns a file that the real programs wrote; its extension is the format.
func golden(name string) (Format, []byte) {
	if path.Ext(name) == ".dpkg" {
		return Dpkg, []byte(roots.State(name))
	}
	return Chkconfig, []byte(roots.State(name))
}

func parseGolden(t testing.TB, name string) *Group {
	t.Helper()
	format, data := golden(name)
	title := "iptables"
	for _, other := range []string{"arptables", "ebtables"} {
		if strings.Contains(name, other) {
			title = other
		}
	}
	g, err := Parse(format, title, name, data)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func assertBytes(t *testing.T, got []byte, name string) {
	t.Helper()
	if _, want := golden(name); string(got) != string(want) {
		t.Errorf("not %s\n--- got\n%s--- want\n%s---", name, got, want)
	}
}

func TestRoundTrip(t *testing.T) {
	for _, name := range roots.States() {
		assertBytes(t, parseGolden(t, name).Bytes(), name)
	}
}

// command is one --install as a package's script gives it: leader, suffix of the target, and followers in that order.
func command(dir, leader, suffix string, priority int, followers ...string) Registration {
	r := Registration{Link: dir + leader, Path: dir + leader + suffix, Priority: priority}
	for _, name := range followers {
		head, verb, _ := strings.Cut(name, "-")
		if verb != "" {
			verb = "-" + verb
		}
		r.Followers = append(r.Followers, RegisteredFollower{Link: dir + name, Name: name, Path: dir + head + suffix + verb})
	}
	return r
}

func toWrapper(dir, leader string, followers ...string) Registration {
	wrapper := dir + "iptables-wrapper"
	r := Registration{Link: dir + leader, Path: wrapper, Priority: 100}
	for _, name := range followers {
		r.Followers = append(r.Followers, RegisteredFollower{Link: dir + name, Name: name, Path: wrapper})
	}
	return r
}

func fedora(dir, suffix string) Registration {
	return command(dir, "iptables", suffix, 10, "ip6tables", "iptables-restore", "iptables-save", "ip6tables-restore", "ip6tables-save")
}

func TestRegisterDebian(t *testing.T) {
	// iptables.postinst: legacy first, save before restore.
	g := New(Dpkg, "iptables", command("/usr/sbin/", "iptables", "-legacy", 10, "iptables-save", "iptables-restore"))
	g.Register(command("/usr/sbin/", "iptables", "-nft", 20, "iptables-save", "iptables-restore"))
	assertBytes(t, g.Bytes(), "debian-iptables.dpkg")
	for range 2 { // the second time changes nothing
		g.Register(toWrapper("/usr/sbin/", "iptables", "iptables-save", "iptables-restore"))
		assertBytes(t, g.Bytes(), "debian-iptables-wrapper.dpkg")
	}
	if best := g.Best(); best.Path != "/usr/sbin/iptables-wrapper" {
		t.Errorf("best is %s", best.Path)
	}
	g.Unregister("/usr/sbin/iptables-wrapper")
	assertBytes(t, g.Bytes(), "debian-iptables.dpkg")
}

func TestRegisterFedora(t *testing.T) {
	g := New(Chkconfig, "iptables", fedora("/usr/sbin/", "-nft"))
	assertBytes(t, g.Bytes(), "fedora-nft-only.chkconfig")
	g.Register(fedora("/usr/sbin/", "-legacy"))
	assertBytes(t, g.Bytes(), "fedora-nft-legacy.chkconfig")

	// Fedora 43 and the README's command with /usr/sbin paths: the leader stays, the entry is literal.
	g = New(Chkconfig, "iptables", fedora("/usr/bin/", "-nft"))
	g.Register(fedora("/usr/bin/", "-legacy"))
	assertBytes(t, g.Bytes(), "fedora43-nft-legacy.chkconfig")
	for range 2 {
		g.Register(toWrapper("/usr/sbin/", "iptables", "ip6tables", "iptables-restore", "iptables-save", "ip6tables-restore", "ip6tables-save"))
		assertBytes(t, g.Bytes(), "fedora43-sbin-wrapper.chkconfig")
	}
}

func TestRegisterAzureAndSLE(t *testing.T) {
	g := New(Chkconfig, "iptables", command("/usr/sbin/", "iptables", "-nft", 30000, "iptables-save", "iptables-restore"))
	g.Register(command("/usr/sbin/", "iptables", "-legacy", 10000, "iptables-save", "iptables-restore"))
	assertBytes(t, g.Bytes(), "azure3-iptables.chkconfig")

	multi := func(path string, priority int) Registration {
		r := toWrapper("/usr/sbin/", "iptables", "iptables-restore", "iptables-save", "ip6tables", "ip6tables-restore", "ip6tables-save")
		r.Path, r.Priority = path, priority
		for i := range r.Followers {
			r.Followers[i].Path = path
		}
		return r
	}
	g = New(Dpkg, "iptables", multi("/usr/sbin/xtables-legacy-multi", 1))
	g.Register(multi("/usr/sbin/xtables-nft-multi", 2))
	assertBytes(t, g.Bytes(), "sle15-iptables.dpkg")
}

func TestRegisterWithoutSomeFollower(t *testing.T) {
	g := parseGolden(t, "fedora43-ebtables.chkconfig")
	g.Register(Registration{Link: "/usr/bin/ebtables", Path: "/usr/bin/ebtables-x", Priority: 5})
	// Sorted by link now; the new entry has nothing for the three.
	const want = "auto\n/usr/bin/ebtables\nebtables-restore\n/usr/bin/ebtables-restore\nebtables-save\n/usr/bin/ebtables-save\n" +
		"ebtables-man\n/usr/share/man/man8/ebtables.8.gz\n\n" +
		"/usr/bin/ebtables-nft\n10\n/usr/bin/ebtables-nft-restore\n/usr/bin/ebtables-nft-save\n/usr/share/man/man8/ebtables-nft.8.gz\n" +
		"/usr/bin/ebtables-x\n5\n\n\n\n"
	if got := string(g.Bytes()); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if target := g.Target(g.Alternatives[0], "ebtables-man"); target != "/usr/share/man/man8/ebtables-nft.8.gz" {
		t.Errorf("target of ebtables-man is %q", target)
	}
}

func TestChkconfigEntries(t *testing.T) {
	g := parseGolden(t, "ebtables-family-initscript.chkconfig")
	if a := g.Alternatives[0]; a.Family != "fw" || a.Priority != 10 || a.Targets["ebtables-save"] == "" {
		t.Errorf("first alternative is %+v", a)
	}
	if a := g.Alternatives[1]; a.Initscript != "foo" || a.Priority != 5 || a.Targets["ebtables-save"] != "" {
		t.Errorf("second alternative is %+v", a)
	}
}

func TestDetect(t *testing.T) {
	for _, name := range []string{"sle15-iptables.dpkg", "fedora-nft-only.chkconfig", "azure3-iptables.chkconfig"} {
		want, data := golden(name)
		if got := Detect(data); got != want {
			t.Errorf("Detect(%s) = %d, want %d", name, got, want)
		}
	}
}

// Every proper beginning of a state file is an error: dpkg's format by its end mark, chkconfig's because the lines of an
// alternative are counted. What cannot be seen is a cut exactly between two of chkconfig's alternatives.
func TestTruncated(t *testing.T) {
	for name, allowed := range map[string]int{
		"debian-iptables.dpkg": 0, "sle15-iptables.dpkg": 0, "fedora-nft-only.chkconfig": 0, "fedora-nft-legacy.chkconfig": 1,
	} {
		format, data := golden(name)
		accepted := 0
		for n := range data {
			if _, err := Parse(format, "iptables", name, data[:n]); err == nil {
				accepted++
			}
		}
		if accepted != allowed {
			t.Errorf("%s: %d truncations accepted, want %d", name, accepted, allowed)
		}
	}
}

func TestErrorsNameTheLine(t *testing.T) {
	const header = "auto\n/usr/sbin/iptables\niptables-save\n/usr/sbin/iptables-save\n\n"
	for _, row := range []struct {
		name   string
		format Format
		text   string
		want   string
	}{
		{"empty", Dpkg, "", "f: line 1: unexpected end of file"},
		{"mode", Dpkg, "automatic\n", `f: line 1: auto or manual expected, found "automatic"`},
		{"leader", Chkconfig, "auto\niptables\n", `f: line 2: path of the leader link expected, found "iptables"`},
		{"priority", Dpkg, header + "/a\nabc\n/b\n\n", `f: line 7: priority expected, found "abc"`},
		{"duplicate", Dpkg, header + "/a\n1\n/b\n/a\n", "f: line 9: duplicate alternative \"/a\""},
		{"not a path", Chkconfig, header + "a\n", `f: line 6: path of an alternative expected, found "a"`},
		{"no terminator", Dpkg, header + "/a\n1\n/b\n", "f: line 9: unexpected end of file"},
		{"text after terminator", Dpkg, header + "/a\n1\n/b\n\n/c\n", `f: line 10: unexpected text after the end: "/c"`},
		{"missing follower line", Chkconfig, header + "/a\n1\n", "f: line 8: unexpected end of file"},
		{"family", Chkconfig, header + "/a\n@fw1\n/b\n", `f: line 7: family is not closed by @ in "@fw1"`},
		{"half a line", Chkconfig, header + "/a\n1\n/b", "f: line 8: unexpected end of file"},
		{"stray text", Chkconfig, header + "/a\n1\n/b\n\nx\n", `f: line 10: unexpected text after the end: "x"`},
		{"binary", Dpkg, "auto\n/\x00\n", "f: line 2: unexpected zero byte"},
		{"twice", Chkconfig, header + "/a\n1\n/b\n/a\n1\n/b\n", "f: line 9: duplicate alternative \"/a\""},
	} {
		_, err := Parse(row.format, "iptables", "f", []byte(row.text))
		if err == nil || err.Error() != row.want {
			t.Errorf("%s: error %v, want %s", row.name, err, row.want)
		}
	}
}
