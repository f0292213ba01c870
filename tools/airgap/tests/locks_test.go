package tests

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
	"github.com/iptables-wrappers/iptables-wrappers/tools/fixture"
	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/lockfile"
)

const table = `{"debian": {"title": "Debian", "format": "deb",
    "variants": {"full": {"packages": ["app", "lib"], "without": []}},
    "releases": {"stable": {"version": "1", "architectures": {"amd64": "amd64", "arm64": "arm64"}, "suites": []}}
}}`

// mirror is a Debian mirror on loopback, and a checkout whose only lock was made from it.
type mirror struct {
	t             *testing.T
	checkout, dir string
	signer        *openpgp.Entity
	asked         atomic.Int32 // requests for files of the pool
	soon          bool         // the next run is less than ten minutes after the last one
	answer        func(w http.ResponseWriter, r *http.Request) bool
	address       string
}

func newMirror(t *testing.T) *mirror {
	needs.Machine(t, "apt-get", "curl", "jq")
	m := &mirror{t: t, checkout: t.TempDir(), dir: t.TempDir()}
	files := http.FileServer(http.Dir(m.dir))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/pool/") {
			m.asked.Add(1)
		}
		if m.answer == nil || !m.answer(w, r) {
			files.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	m.address = server.URL + "/debian"
	var public []byte
	var err error
	if m.signer, public, err = fixture.NewSigner(2048); err != nil {
		t.Fatal(err)
	}
	m.write(filepath.Join(m.checkout, "images/distros.generated.json"), table)
	m.write(filepath.Join(m.checkout, "images/debian/keys/key.asc"), string(public))
	m.write(filepath.Join(m.checkout, "tests/kernels/distros.generated.json"), "{}")
	m.has("1", "1")
	lock := exec.Command(m.program(), "-workspace", m.checkout, "-keys", m.keys(), "-mirror", m.address, "debian", "stable")
	if out, err := lock.CombinedOutput(); err != nil {
		t.Fatalf("the first lock: %v\n%s", err, out)
	}
	return m
}

func (m *mirror) keys() string { return filepath.Join(m.checkout, "images/debian/keys/key.asc") }

// program returns the path of tools/lock as Bazel built it.
func (m *mirror) program() string {
	m.t.Helper()
	path, err := filepath.Abs(needs.Variable(m.t, "LOCK"))
	if err != nil {
		m.t.Fatal(err)
	}
	return path
}

func (m *mirror) write(path, text string) {
	m.t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		m.t.Fatal(err)
	}
}

// has makes the mirror contain these versions of app, which differs by architecture, and of lib, and no other packages.
func (m *mirror) has(app, lib string) {
	m.t.Helper()
	m.remove()
	archive := filepath.Join(m.dir, "debian")
	suite := fixture.Suite{Name: "stable", Architectures: []string{"amd64", "arm64"}}
	err := fixture.WriteDebian(archive, suite, m.signer, []string{
		"Package: app\nVersion: " + app + "\nArchitecture: ARCH\nDepends: lib",
		"Package: lib\nVersion: " + lib + "\nArchitecture: ARCH",
	}, nil)
	if err != nil {
		m.t.Fatal(err)
	}
	for _, architecture := range []string{"amd64", "arm64"} {
		m.write(filepath.Join(archive, "pool/main/app_"+app+"_"+architecture+".deb"), "app")
		m.write(filepath.Join(archive, "pool/main/lib_"+lib+"_"+architecture+".deb"), "lib")
	}
}

func (m *mirror) remove() {
	m.t.Helper()
	if err := os.RemoveAll(filepath.Join(m.dir, "debian")); err != nil {
		m.t.Fatal(err)
	}
}

// script runs the step make_locks. The step's commands run on this machine instead of in the Debian root, and the binary of
// tools/lock is used without building it.
const script = `
	set -eu
	for part in lib machine locks; do . "$HERE/$part.sh"; done
	find_cache
	sandbox() ( [ "$1" != --chdir ] || { cd "$2" && shift 2; }; "$@" )
	run_bazel() { while [ "$1" != -- ]; do shift; done; shift; exec "$LOCK" -workspace "$checkout" -keys "$KEYS" "$@"; }
	checkout=$CHECKOUT mirror=$IPTABLES_WRAPPERS_MIRROR security=$mirror-security downloader=$cache/config/downloader
	mkdir -p "$cache/config"
	[ -n "$SOON" ] || find "$cache/config" -name '*.seen' -exec touch -d '11 minutes ago' {} +
	make_locks`

// run returns the output for the user.
func (m *mirror) run() string {
	m.t.Helper()
	here, err := filepath.Abs(filepath.Dir(os.Getenv("STEPS")))
	if err != nil {
		m.t.Fatal(err)
	}
	step := exec.Command("sh", "-c", script)
	step.Env = append(os.Environ(), "HERE="+here, "LOCK="+m.program(), "KEYS="+m.keys(), "CHECKOUT="+m.checkout,
		"SOON="+map[bool]string{true: "yes"}[m.soon], "IPTABLES_WRAPPERS_MIRROR="+m.address, "IPTABLES_WRAPPERS_CACHE="+m.checkout+"/cache")
	out, err := step.CombinedOutput()
	if err != nil {
		m.t.Fatalf("%v\n%s", err, out)
	}
	return strings.TrimSpace(regexp.MustCompile(`(?m)^bazelw: +\d+s +`).ReplaceAllString(string(out), ""))
}

func (m *mirror) localPath() string {
	return filepath.Join(m.checkout, "images/debian/stable/packages.lock.local.json")
}

// local returns the local lock as "ARCHITECTURE: NAME VERSION, ...", or "" without a local lock.
func (m *mirror) local() string {
	m.t.Helper()
	text, err := os.ReadFile(m.localPath())
	if os.IsNotExist(err) {
		return ""
	}
	if strings.TrimSpace(string(text)) == `{"architectures": {}}` {
		return "nothing"
	}
	lock, err := lockfile.Parse(text)
	if err != nil {
		m.t.Fatal(err)
	}
	var all []string
	for _, architecture := range []string{"amd64", "arm64"} {
		for _, p := range lock.Architectures[architecture] {
			all = append(all, architecture+" "+p.Name+" "+p.Version)
		}
	}
	return strings.Join(all, ", ")
}

// wants runs the step again, and compares its output with a pattern and the local lock with the expected one.
func (m *mirror) wants(name, said, local string) {
	m.t.Helper()
	got := m.run()
	if !regexp.MustCompile("^(?:" + said + ")$").MatchString(got) {
		m.t.Errorf("%s: said\n%s\nwant\n%s", name, got, said)
	}
	if got := m.local(); got != local {
		m.t.Errorf("%s: local lock %q, want %q", name, got, local)
	}
}

const (
	into    = `left the mirror; going on with what came after, in images/debian/stable/packages.lock.local.json`
	went    = `debian stable: app 1 ` + into + details
	updated = "amd64 app 2, amd64 lib 1, arm64 app 2, arm64 lib 1" // the local lock after this
	// The end of every line, which names the log with the details.
	details = ` \(log: .*/lock.log\)`
)

func TestMovingMirror(t *testing.T) {
	m := newMirror(t)
	m.wants("as locked", "", "")
	asked := m.asked.Load()
	m.wants("again", "", "")
	if m.asked.Load() != asked {
		t.Error("again: the pool was asked although no suite had changed")
	}

	m.has("2", "1")
	m.soon = true
	m.wants("an update within ten minutes", "", "")
	m.soon = false
	m.wants("a security update", went, updated)
	m.wants("again", "", updated)
	if err := os.Remove(m.localPath()); err != nil {
		t.Fatal(err)
	}
	m.soon = true
	m.wants("a cleaned checkout", went, updated)
	m.soon = false
	m.has("3", "2")
	m.wants("a point release", "debian stable: app 1, lib 1 left.*", "amd64 app 3, amd64 lib 2, arm64 app 3, arm64 lib 2")
	m.has("1", "1")
	m.wants("as locked again", "", "")

	m.has("2", "1")
	m.write(filepath.Join(m.dir, "debian/pool/main/app_1_arm64.deb"), "app")
	m.wants("an update of one architecture", went, "amd64 app 2, amd64 lib 1, arm64 app 1, arm64 lib 1")

	m.has("4", "1")
	m.write(filepath.Join(m.dir, "debian/dists/stable/main/binary-arm64/Packages.xz"), "of another day")
	m.wants("an index younger than its signature", `debian stable: app 1 `+into+`; skipped: arm64`+details, "amd64 app 4, amd64 lib 1")

	m.has("1", "1")
	m.remove()
	m.wants("a release that is gone", `debian stable: app 1, lib 1 left the mirror, and what needs it is skipped: index: .*InRelease: not found`+details, "nothing")
}

// TestIllMirror: an error of the mirror does not show that it lacks packages. Bazel downloads and checks them in any case.
func TestIllMirror(t *testing.T) {
	m := newMirror(t)
	m.answer = func(w http.ResponseWriter, r *http.Request) bool {
		if strings.Contains(r.URL.Path, "/pool/") {
			http.Error(w, "down", http.StatusForbidden)
		}
		return strings.Contains(r.URL.Path, "/pool/")
	}
	m.wants("refused", "", "")
	m.answer = func(w http.ResponseWriter, r *http.Request) bool {
		time.Sleep(100 * time.Millisecond)
		return false
	}
	m.has("2", "1")
	m.wants("slow", went, updated)
	m.address = "http://127.0.0.1:1/debian"
	m.wants("away", "", updated)
}
