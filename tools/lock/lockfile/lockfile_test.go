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
		// A mirror chooses these texts, which become parts of a pull request, a terminal, file names and Starlark.
		{`"name": "p"`, `"name": "p\n**merge me**"`, `name "p\n`},
		{`"name": "p"`, `"name": "p\u001b[2J"`, `name "p\x1b[2J"`},
		{`"name": "p"`, `"name": "../p"`, `name "../p"`},
		{`"name": "p"`, `"name": "--output"`, `name "--output"`},
		{`"name": "p"`, `"name": "` + strings.Repeat("p", 129) + `"`, "name"},
		{`"version": "1"`, `"version": "1\r2"`, `version "1\r2"`},
		{`"version": "1"`, `"version": "1\u2028"`, `version "1\u2028"`},
		{`"version": "1"`, `"version": "1/../2"`, `version "1/../2"`},
		{`"architecture": "all"`, `"architecture": "all\n"`, `architecture "all\n"`},
		{`"architecture": "all"`, `"architecture": "../all"`, `architecture "../all"`},
		{`"suite": "s"`, `"suite": "s/../t"`, `".." is not a plain name`},
		{`"suite": "s"`, `"suite": "s\u001b"`, `"s\x1b" is not a plain name`},
		{`pool/p.deb`, `pool/../p.deb`, `".." is not a plain name`},
		{`pool/p.deb`, `pool/%2e%2e/p.deb`, `".." is not a plain name`},
		{`pool/p.deb`, `pool/p%0a.deb`, `"p\n.deb" is not a plain name`},
		{`pool/p.deb`, `pool/p%2fq.deb?x`, "address"},
		{`pool/p.deb`, `pool/BUILD.bazel`, `"BUILD.bazel" is not the name of a package file`},
		{`pool/p.deb`, `pool/.deb`, `".deb" is not the name of a package file`},
		{`https://`, `http://`, "want https"},
	} {
		_, err := lockfile.Parse([]byte(strings.Replace(good, test.old, test.new, 1)))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want an error with %q", test.new, err, test.want)
		}
	}
}

// TestParseRefusesOneFileName has two packages that Bazel would download to one file.
func TestParseRefusesOneFileName(t *testing.T) {
	second := strings.Replace(packageText("q", "1", sum), "pool/q.deb", "other/p.deb", 1)
	_, err := lockfile.Parse(lockText(packageText("p", "1", sum), second))
	if want := "packages p and q have one file name, p.deb"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want an error with %q", err, want)
	}
}

// TestIndexes reads a lock with indexes, and an older one without the field.
func TestIndexes(t *testing.T) {
	with := func(index string) []byte {
		return []byte(strings.Replace(string(lockText(packageText("p", "1", sum))), `"architectures"`, `"indexes": {"amd64": [`+index+`]}, "architectures"`, 1))
	}
	const good = `{"suite": "v3.24/main", "date": "2026-08-01T10:00:00Z", "signature": "index", "key": "test@example.com-1.rsa.pub"}`
	for _, test := range []struct{ index, want string }{
		{"", ""},
		{good, ""},
		{`{"suite": "s", "signature": "packages"}`, ""},
		{`{"suite": "s", "signature": "metalink"}`, ""},
		{`{"suite": "s", "signature": "metalink", "key": "k"}`, "want"},
		{`{"suite": "s", "signature": "packages", "key": "k"}`, "want"},
		{`{"suite": "s", "signature": "index"}`, "want"},
		{`{"suite": "s", "signature": "none"}`, "want"},
		{strings.Replace(good, "@", " ", 1), "want"},
		{strings.Replace(good, "T10", " 10", 1), "date"},
		{strings.Replace(good, "v3.24", "..", 1), "plain name"},
	} {
		_, err := lockfile.Parse(with(test.index))
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want an error with %q", test.index, err, test.want)
		}
	}
}

// A lock that is accepted must be written in a form that is accepted again, and that results in the same bytes.
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
