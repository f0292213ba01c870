package lockfile_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/lockfile"
)

var sum = strings.Repeat("0f", 32)

func lockText(packages ...string) []byte {
	return []byte(`{"format_version": 1, "distro": "d", "release": "r", "architectures": {"amd64": [` + strings.Join(packages, ",") + `]}}`)
}

func packageText(name, version, sum string) string {
	return `{"name": "` + name + `", "version": "` + version + `", "architecture": "all", "suite": "s", "size": 1, "sha256": "` +
		sum + `", "urls": ["https://example.com/pool/` + name + `.deb"], "variants": ["b", "a"]}`
}

func TestDiff(t *testing.T) {
	parse := func(text []byte) *lockfile.Lock {
		t.Helper()
		lock, err := lockfile.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return lock
	}
	other := strings.Repeat("f0", 32)
	old := parse(lockText(packageText("same", "1", sum), packageText("gone", "1", sum), packageText("moved", "1", sum), packageText("rebuilt", "1", sum)))
	next := parse(lockText(packageText("rebuilt", "1", other), packageText("new", "1", sum), packageText("moved", "2", other), packageText("same", "1", sum)))
	want := "amd64: - gone 1\namd64:   moved 1 -> 2\namd64: + new 1\namd64: ! rebuilt 1: another file under the same version"
	if got := strings.Join(old.Diff(next), "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestParseRefuses(t *testing.T) {
	good := string(lockText(packageText("p", "1", sum)))
	for _, test := range []struct{ old, new, want string }{
		{`"format_version": 1`, `"format_version": 2`, "format version 2"},
		{`"size": 1`, `"size": 0`, "size 0"},
		{sum, "0f", `sha256 "0f"`},
		{`"name": "p"`, `"name": ""`, `name ""`},
		{`https://example.com/pool/p.deb`, `/pool/p.deb`, "address"},
		{`"suite"`, `"sweet"`, `unknown field "sweet"`},
	} {
		_, err := lockfile.Parse([]byte(strings.Replace(good, test.old, test.new, 1)))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want an error with %q", test.new, err, test.want)
		}
	}
}

// What is accepted is written so that it is accepted again, and is then the same bytes.
func FuzzParse(f *testing.F) {
	f.Add(lockText())
	f.Add(lockText(packageText("b", "1", sum), packageText("a", "1", sum)))
	f.Add([]byte(`{"format_version": 1, "architectures": null}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		lock, err := lockfile.Parse(text)
		if err != nil {
			return
		}
		first, err := lock.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		again, err := lockfile.Parse(first)
		if err != nil {
			t.Fatalf("own output: %v", err)
		}
		second, err := again.Bytes()
		if err != nil || !bytes.Equal(first, second) {
			t.Fatalf("%v\n%s\n%s", err, first, second)
		}
	})
}
