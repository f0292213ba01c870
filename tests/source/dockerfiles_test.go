package source

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
	"github.com/iptables-wrappers/iptables-wrappers/tests/roots"
)

var applets = []string{"iptables", "iptables-save", "iptables-restore", "ip6tables", "ip6tables-save", "ip6tables-restore"}

// dockerfiles are steps of third-party Dockerfiles that build the wrapper from a repository: the steps of the build
// stage, with the repository's address in $1, and those of the image. COPY is "cp". The working directory replaces / in
// both.
var dockerfiles = []struct {
	name        string
	build       string
	copies      string // from the build's directory, $1, to the image's
	run         string
	root        func(t *testing.T, debian string) string
	alternative bool // registered with update-alternatives and not by install
}{
	{
		name: "flannel",
		build: `git clone --quiet "$1" iptables-wrapper
			cd iptables-wrapper
			git checkout --quiet v1.2.3
			export GOOS=linux && export GOARCH=$(go env GOHOSTARCH) && export ARCH=$GOARCH && make build`,
		copies: `cp "$1/iptables-wrapper/iptables-wrapper-installer.sh" .
			cp "$1/iptables-wrapper/bin/iptables-wrapper" .`,
		run: `which iptables-legacy && which iptables-nft
			/iptables-wrapper-installer.sh --no-sanity-check`,
		root: alpine,
	},
	{
		name: "kube-router",
		build: `mkdir iptables-wrappers && cd iptables-wrappers
			git clone --quiet "$1" . && git checkout --quiet v1.2.3 && make build &&
				test -x bin/iptables-wrapper && test -x iptables-wrapper-installer.sh`,
		copies: `cp "$1/iptables-wrappers/bin/iptables-wrapper" .
			cp "$1/iptables-wrappers/iptables-wrapper-installer.sh" .`,
		run: `command -v iptables-nft && command -v iptables-legacy && command -v ip6tables
			/iptables-wrapper-installer.sh --no-sanity-check`,
		root: alpine,
	},
	{
		name:  "antrea",
		build: `git clone --quiet "$1" iptables-wrappers && cd iptables-wrappers && git checkout --quiet v1.2.3 && make build`,
		copies: `cp "$1/iptables-wrappers/iptables-wrapper-installer.sh" .
			cp "$1/iptables-wrappers/bin/iptables-wrapper" .`,
		run:  `/iptables-wrapper-installer.sh`,
		root: asItIs,
	},
	{
		// The sources are a copy of the repository without .git. One group contains all six names, as on Amazon Linux,
		// and the wrapper is selected manually. Amazon Linux has chkconfig's program; dpkg's has the same result for
		// these lines.
		name:   "EKS-D",
		build:  `git clone --quiet "$1" iptables-wrappers && rm -r iptables-wrappers/.git && cd iptables-wrappers && make build`,
		copies: `cp "$1/iptables-wrappers/bin/iptables-wrapper" usr/sbin`,
		run: `register() {
				update-alternatives --install /usr/sbin/iptables iptables /usr/sbin/$1 $2 \
					--slave /usr/sbin/iptables-restore iptables-restore /usr/sbin/$3 \
					--slave /usr/sbin/iptables-save iptables-save /usr/sbin/$4 \
					--slave /usr/sbin/ip6tables ip6tables /usr/sbin/$5 \
					--slave /usr/sbin/ip6tables-restore ip6tables-restore /usr/sbin/$6 \
					--slave /usr/sbin/ip6tables-save ip6tables-save /usr/sbin/$7
			}
			update-alternatives --remove-all iptables && update-alternatives --remove-all ip6tables
			for mode in nft legacy; do
				register iptables-$mode 10 iptables-$mode-restore iptables-$mode-save ip6tables-$mode ip6tables-$mode-restore ip6tables-$mode-save
			done
			register iptables-wrapper 100 iptables-wrapper iptables-wrapper iptables-wrapper iptables-wrapper iptables-wrapper
			update-alternatives --set iptables /usr/sbin/iptables-wrapper`,
		root:        asItIs,
		alternative: true,
	},
	{
		// The result of EKS-D's lines with chkconfig's program: in addition to the group of all six names, there is one
		// for ip6tables, which has no wrapper but the same symlinks.
		name:        "EKS-D with chkconfig",
		build:       `git clone --quiet "$1" iptables-wrappers && rm -r iptables-wrappers/.git && cd iptables-wrappers && make build`,
		copies:      `cp "$1/iptables-wrappers/bin/iptables-wrapper" usr/sbin`,
		run:         `true`,
		root:        amazon,
		alternative: true,
	},
}

func TestDockerfiles(t *testing.T) {
	needs.Machine(t, "busybox", "git", "make", "root")
	origin, environment := repository(t), goEnvironment(t)
	all := roots.Debians(t)
	debian := roots.Unpack(t, all[len(all)-1]) // the newest: alpine adds this machine's busybox, which needs its C library
	for _, d := range dockerfiles {
		t.Run(d.name, func(t *testing.T) {
			stage := t.TempDir()
			sh(t, stage, environment, d.build, origin)
			image := d.root(t, debian)
			sh(t, image, nil, d.copies, stage)
			roots.In(t, image, "/bin/sh", "-euc", d.run)
			for _, name := range applets {
				if end := strings.TrimSpace(roots.In(t, image, "readlink", "-f", "/usr/sbin/"+name)); end != "/usr/sbin/iptables-wrapper" {
					t.Errorf("%s leads to %s", name, end)
				}
			}
			if !d.alternative {
				for _, name := range []string{"iptables-wrapper", "iptables-wrapper-installer.sh"} {
					if _, err := os.Lstat(filepath.Join(image, name)); err == nil {
						t.Errorf("/%s is still there", name)
					}
				}
			}
			if out := roots.In(t, image, "/usr/sbin/iptables-wrapper", "version"); strings.Contains(out, gap) {
				t.Errorf("version printed %q", out)
			}
			for mode, shown := range map[string]string{"nft": "nf_tables", "legacy": "legacy"} {
				out := onNode(t, hardLinks(t, image), mode)
				want := "iptables V (" + shown + ")\nip6tables V (" + shown + ")\n/usr/sbin/xtables-" + mode + "-multi"
				if regexp.MustCompile(`v1[.0-9]+`).ReplaceAllString(out, "V") != want {
					t.Errorf("the first calls on a node in mode %s say\n%s\nwant\n%s", mode, out, want)
				}
			}
		})
	}
}

// onNode calls iptables in the image, on a host where kubelet has created its chain.
func onNode(t *testing.T, image, mode string) string {
	t.Helper()
	return sh(t, image, nil, `exec unshare --net --mount sh -euc '
		mount -t proc proc proc 2>/dev/null || busybox mount -t proc proc proc
		chroot . /usr/sbin/xtables-$1-multi iptables -t mangle -N KUBE-IPTABLES-HINT
		chroot . /usr/sbin/iptables --version
		chroot . /usr/sbin/ip6tables --version
		chroot . readlink -f /usr/sbin/ip6tables-save' sh "$1"`, mode)
}

func asItIs(t *testing.T, debian string) string { return hardLinks(t, debian) }

// alpine makes Alpine's layout from Debian's binaries: plain symlinks, no alternatives system, and busybox as the
// shell.
func alpine(t *testing.T, debian string) string {
	t.Helper()
	image := hardLinks(t, debian)
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		t.Fatal(err)
	}
	sh(t, image, nil, `rm -r usr/bin/update-alternatives var/lib/dpkg etc/alternatives usr/bin/sh
		cp "$1" usr/bin/busybox
		ln -s busybox usr/bin/sh`, busybox)
	if err := os.Remove(filepath.Join(image, "usr/bin/which")); err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	sh(t, image, nil, `ln -s busybox usr/bin/which
		for name in iptables ip6tables; do
			for verb in "" -save -restore; do ln -sf xtables-nft-multi usr/sbin/$name$verb; done
		done`)
	return image
}

// amazon makes Amazon Linux's layout from Debian's binaries, as it is after EKS-D's lines.
func amazon(t *testing.T, debian string) string {
	t.Helper()
	image := hardLinks(t, debian)
	sh(t, image, nil, `rm -r usr/bin/update-alternatives var/lib/dpkg
		mkdir -p var/lib/alternatives
		for name in iptables ip6tables; do
			for verb in "" -save -restore; do ln -sf /usr/sbin/iptables-wrapper etc/alternatives/$name$verb; done
		done`)
	for name, state := range map[string]string{
		"iptables":  roots.Manual(roots.State("fedora-nft-legacy-wrapper.chkconfig")),
		"ip6tables": roots.Find("Azure Linux 3").Before["var/lib/alternatives/ip6tables"],
	} {
		if err := os.WriteFile(filepath.Join(image, "var/lib/alternatives", name), []byte(state), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return image
}

// hardLinks makes a root of hard links. This is safe because no test writes to a file in place.
func hardLinks(t *testing.T, from string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	sh(t, dir, nil, `cp -al "$1/." . && mkdir -p proc run tmp`, from)
	return dir
}
