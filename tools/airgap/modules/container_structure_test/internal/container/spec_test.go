package container

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestLookUp(t *testing.T) {
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "etc"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"passwd": "root:x:0:0::/root:/bin/sh\nguest:x:1000:1001::/home/guest:/bin/sh\n",
		"group":  "root:x:0:\nguests:x:1001:\nextra:x:50:other,guest\n",
	} {
		if err := os.WriteFile(filepath.Join(root, "etc", name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		user     string
		uid, gid int
		groups   []int
		home     string
	}{
		{"", 0, 0, nil, "/root"},
		{"guest", 1000, 1001, []int{50}, "/home/guest"},
		{"1000", 1000, 1001, []int{50}, "/home/guest"},
		{"guest:extra", 1000, 50, nil, "/home/guest"},
		{"guest:77", 1000, 77, nil, "/home/guest"},
		{"4242", 4242, 0, nil, "/"},
		{"4242:guests", 4242, 1001, nil, "/"},
	} {
		got, err := lookUp(root, c.user)
		if err != nil || got.Uid != c.uid || got.Gid != c.gid || !slices.Equal(got.Sgids, c.groups) || got.Home != c.home {
			t.Errorf("%q: %+v (%v), want %+v", c.user, got, err, c)
		}
	}
	for _, user := range []string{"nobody", "guest:nobody", "-1", "4294967296"} {
		if got, err := lookUp(root, user); err == nil {
			t.Errorf("%q: %+v, want an error", user, got)
		}
	}
	if got, err := lookUp(t.TempDir(), "7:8"); err != nil || got.Uid != 7 || got.Gid != 8 {
		t.Errorf("numbers in an image without /etc: %+v (%v)", got, err)
	}
}

// count returns the size of a container's set of capabilities.
func count(t *testing.T, options Options) int {
	t.Helper()
	granted, err := capabilities(options)
	if err != nil {
		t.Fatal(err)
	}
	return len(granted)
}

func TestCapabilities(t *testing.T) {
	plain := count(t, Options{})
	for _, name := range []string{"net_admin", "NET_ADMIN", "CAP_NET_ADMIN", "ALL"} {
		if got := count(t, Options{Capabilities: []string{name}}); got != plain {
			t.Errorf("%s without privileges: %d capabilities, want Docker's %d", name, got, plain)
		}
	}
	if _, err := capabilities(Options{Capabilities: []string{"FLY"}}); err == nil || !strings.Contains(err.Error(), "FLY") {
		t.Errorf("an unknown capability: %v", err)
	}
	for _, name := range []string{"net_admin", "NET_ADMIN", "CAP_NET_ADMIN"} {
		if got := count(t, Options{Privileged: true, Capabilities: []string{name}}); got != plain+1 {
			t.Errorf("%s beside privileges: %d capabilities, want Docker's %d and this one", name, got, plain)
		}
	}
	all := count(t, Options{Privileged: true})
	if named := count(t, Options{Privileged: true, Capabilities: []string{"all"}}); all <= plain+1 || named != all {
		t.Errorf("with privileges %d capabilities, ALL named beside them %d", all, named)
	}
}

func TestPrivileges(t *testing.T) {
	for _, c := range []struct {
		options Options
		all     bool
	}{
		{Options{}, false},
		{Options{Capabilities: []string{"NET_ADMIN"}}, false},
		{Options{Privileged: true}, true},
		{Options{Privileged: true, Capabilities: []string{"NET_ADMIN"}}, false},
	} {
		spec, err := newSpec(t.TempDir(), t.TempDir(), []string{"true"}, c.options)
		if err != nil {
			t.Fatal(err)
		}
		if (spec.Linux.Seccomp == nil) != c.all || (len(spec.Linux.MaskedPaths) == 0) != c.all {
			t.Errorf("%+v: seccomp %v, masked %v", c.options, spec.Linux.Seccomp != nil, spec.Linux.MaskedPaths)
		}
	}
}

func TestLogged(t *testing.T) {
	if got, want := logged([]byte("a\xff\xfe\u00e9")), "a\ufffd\ufffd\u00e9"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestMergeEnv(t *testing.T) {
	got := mergeEnv([]string{"A=1", "B=2"}, []string{"B=3", "C=4", "C=5"})
	if want := []string{"A=1", "B=3", "C=5"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestBindMount(t *testing.T) {
	made := filepath.Join(t.TempDir(), "made")
	mount, err := bindMount(made + ":/to:ro")
	if err != nil || mount.Source != made || mount.Destination != "/to" || !slices.Contains(mount.Options, "ro") {
		t.Errorf("%+v (%v)", mount, err)
	}
	if info, err := os.Stat(made); err != nil || !info.IsDir() {
		t.Errorf("a missing source was not made a directory: %v", err)
	}
	if _, err := bindMount("/etc/passwd:/to"); err != nil {
		t.Errorf("a file: %v", err)
	}
	for _, bind := range []string{"", "/a", "name:/to", "/a:to", "/a:/b:rw:x", "/tmp:/b:z", "/tmp:/", "/tmp:/b/.."} {
		if mount, err := bindMount(bind); err == nil {
			t.Errorf("%q: %+v, want an error", bind, mount)
		}
	}
}
