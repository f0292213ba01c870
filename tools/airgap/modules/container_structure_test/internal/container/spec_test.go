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
		uid, gid uint32
		groups   []uint32
		home     string
	}{
		{"", 0, 0, nil, "/root"},
		{"guest", 1000, 1001, []uint32{50}, "/home/guest"},
		{"1000", 1000, 1001, []uint32{50}, "/home/guest"},
		{"guest:extra", 1000, 50, nil, "/home/guest"},
		{"guest:77", 1000, 77, nil, "/home/guest"},
		{"4242", 4242, 0, nil, "/"},
		{"4242:guests", 4242, 1001, nil, "/"},
	} {
		got, err := lookUp(root, c.user)
		if err != nil || got.uid != c.uid || got.gid != c.gid || !slices.Equal(got.groups, c.groups) || got.home != c.home {
			t.Errorf("%q: %+v (%v), want %+v", c.user, got, err, c)
		}
	}
	for _, user := range []string{"nobody", "guest:nobody", "-1", "4294967296"} {
		if got, err := lookUp(root, user); err == nil {
			t.Errorf("%q: %+v, want an error", user, got)
		}
	}
	if got, err := lookUp(t.TempDir(), "7:8"); err != nil || got.uid != 7 || got.gid != 8 {
		t.Errorf("numbers in an image without /etc: %+v (%v)", got, err)
	}
}

func TestCapabilities(t *testing.T) {
	plain, err := capabilities(nil, false)
	if err != nil {
		t.Fatal(err)
	}
	if slices.Contains(plain, "CAP_NET_ADMIN") {
		t.Error("NET_ADMIN was given without being asked for")
	}
	if os.Getuid() == 0 {
		for _, name := range []string{"net_admin", "NET_ADMIN", "CAP_NET_ADMIN", "ALL"} {
			got, err := capabilities([]string{name}, false)
			if err != nil || !slices.Contains(got, "CAP_NET_ADMIN") {
				t.Errorf("%s: %v (%v)", name, got, err)
			}
		}
	}
	if _, err := capabilities([]string{"FLY"}, false); err == nil || !strings.Contains(err.Error(), "FLY") {
		t.Errorf("an unknown capability: %v", err)
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
	for _, bind := range []string{"", "/a", "name:/to", "/a:to", "/a:/b:rw:x", "/tmp:/b:z"} {
		if mount, err := bindMount(bind); err == nil {
			t.Errorf("%q: %+v, want an error", bind, mount)
		}
	}
}
