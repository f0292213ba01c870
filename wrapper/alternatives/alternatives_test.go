package alternatives

import (
	"path"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/roots"
)

// golden returns a file that the real programs wrote. Its extension is the format.
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

// registration contains the arguments of Register for one --install, and the leader link for the group's first one.
type registration struct {
	link      string
	entry     Alternative
	followers []Follower
}

// install returns one --install call of a package's script. target is a suffix such as -nft, which is added to each name,
// or one file for all names.
func install(dir, target string, priority int, followers ...string) registration {
	to := func(name string) string {
		if strings.HasPrefix(target, "/") {
			return target
		}
		head, verb, _ := strings.Cut(name, "-")
		return strings.TrimSuffix(dir+head+target+"-"+verb, "-")
	}
	r := registration{link: dir + "iptables", entry: Alternative{Path: to("iptables"), Priority: priority, Targets: map[string]string{}}}
	for _, name := range followers {
		r.entry.Targets[name] = to(name)
		r.followers = append(r.followers, Follower{Name: name, Link: dir + name})
	}
	return r
}

// The same calls result in the same files as those of the real programs. Repeating a call does not change the file.
func TestRegister(t *testing.T) {
	const sbin, bin, wrapper = "/usr/sbin/", "/usr/bin/", "/usr/sbin/iptables-wrapper"
	two := []string{"iptables-save", "iptables-restore"} // as in iptables.postinst
	five := []string{"ip6tables", "iptables-restore", "iptables-save", "ip6tables-restore", "ip6tables-save"}
	for _, row := range []struct {
		calls []registration
		want  []string // after each of the last calls
	}{
		{[]registration{install(sbin, "-legacy", 10, two...), install(sbin, "-nft", 20, two...), install(sbin, wrapper, 100, two...)},
			[]string{"debian-iptables.dpkg", "debian-iptables-wrapper.dpkg"}},
		{[]registration{install(sbin, "/usr/sbin/xtables-legacy-multi", 1, five...), install(sbin, "/usr/sbin/xtables-nft-multi", 2, five...),
			install(sbin, wrapper, 100, five...)}, []string{"sle15-iptables.dpkg", "sle15-iptables-wrapper.dpkg"}},
		{[]registration{install(sbin, "-nft", 30000, two...), install(sbin, "-legacy", 10000, two...), install(sbin, wrapper, 100, two...)},
			[]string{"azure3-iptables.chkconfig", "azure3-iptables-wrapper.chkconfig"}},
		{[]registration{install(sbin, "-nft", 10, five...), install(sbin, wrapper, 100, five...)},
			[]string{"fedora-nft-only.chkconfig", "fedora-nft-only-wrapper.chkconfig"}},
		{[]registration{install(sbin, "-nft", 10, five...), install(sbin, "-legacy", 10, five...), install(sbin, wrapper, 100, five...)},
			[]string{"fedora-nft-only.chkconfig", "fedora-nft-legacy.chkconfig", "fedora-nft-legacy-wrapper.chkconfig"}},
		{[]registration{install(sbin, "-legacy", 10, five...), install(sbin, "-nft", 10, five...), install(sbin, wrapper, 100, five...)},
			[]string{"fedora-legacy-nft.chkconfig", "fedora-legacy-nft-wrapper.chkconfig"}},
		{[]registration{install(bin, "-nft", 10, five...), install(bin, "-legacy", 10, five...), install(bin, "/usr/bin/iptables-wrapper", 100, five...)},
			[]string{"fedora43-nft-legacy.chkconfig", "fedora43-nft-legacy-wrapper.chkconfig"}},
		// With the paths in README.md of the first iptables-wrappers. The leader stays, and the entry is literal.
		{[]registration{install(bin, "-nft", 10, five...), install(bin, "-legacy", 10, five...), install(sbin, wrapper, 100, five...)},
			[]string{"fedora43-nft-legacy.chkconfig", "fedora43-sbin-wrapper.chkconfig"}},
	} {
		format, _ := golden(row.want[0])
		g := &Group{Format: format, Name: "iptables", Link: row.calls[0].link}
		for i, call := range row.calls {
			g.Register(call.entry, call.followers...)
			if now := i + len(row.want) - len(row.calls); now >= 0 {
				g.Manual = strings.HasPrefix(roots.State(row.want[now]), "manual") // Register does not select
				assertBytes(t, g.Bytes(), row.want[now])
			}
		}
		last, want := row.calls[len(row.calls)-1], row.want[len(row.want)-2:]
		g.Register(last.entry, last.followers...)
		assertBytes(t, g.Bytes(), want[1])
		if format == Dpkg {
			g.Unregister(func(path string) bool { return path == last.entry.Path })
			assertBytes(t, g.Bytes(), want[0])
		}
	}
}

func TestBest(t *testing.T) {
	if best := parseGolden(t, "debian-iptables-wrapper.dpkg").Best(); best.Path != "/usr/sbin/iptables-wrapper" {
		t.Errorf("best is %s", best.Path)
	}
}

func TestRegisterWithoutSomeFollower(t *testing.T) {
	g := parseGolden(t, "fedora43-ebtables.chkconfig")
	g.Register(Alternative{Path: "/usr/bin/ebtables-x", Priority: 5})
	// Sorted by link. The new entry has no target for the three.
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
	if a := g.Alternatives[0]; a.Family != "@fw@" || a.Priority != 10 || a.Targets["ebtables-save"] == "" {
		t.Errorf("first alternative is %+v", a)
	}
	if a := g.Alternatives[1]; a.Initscript != " foo" || a.Priority != 5 || a.Targets["ebtables-save"] != "" {
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

// Every proper prefix of a state file is an error: in dpkg's format because of its end mark, in chkconfig's because the lines
// of an alternative are counted. Only a cut exactly between two of chkconfig's alternatives cannot be detected.
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

// If an alternative is replaced, both programs drop a follower that no alternative has any more.
func TestReplacedAlternativeDropsFollowers(t *testing.T) {
	for _, format := range []Format{Dpkg, Chkconfig} {
		g := &Group{Format: format, Name: "x", Link: "/usr/sbin/x"}
		a := Alternative{Path: "/usr/sbin/x-1", Priority: 1, Targets: map[string]string{"x-save": "/usr/sbin/x-1-save"}}
		g.Register(a, Follower{Name: "x-save", Link: "/usr/sbin/x-save"})
		if len(g.Followers) != 1 {
			t.Errorf("format %d: registered followers are %v", format, g.Followers)
		}
		a.Targets = nil
		if g.Register(a); len(g.Followers) != 0 {
			t.Errorf("format %d: followers are %v", format, g.Followers)
		}
	}
}
