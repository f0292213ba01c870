package docker_test

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
	"github.com/iptables-wrappers/iptables-wrappers/tests/pages"
)

// names maps the names of images in the pages to images that are built here. Debian's own image has no iptables. Its
// replacement contains iptables but no apt-get, so the line of a Dockerfile that installs iptables is removed.
var names = map[string]string{
	"debian:trixie":      "iptables-wrappers/debian-base:trixie",
	"debian:trixie-slim": "iptables-wrappers/debian-base:trixie",
	"ghcr.io/iptables-wrappers/iptables-distroless:trixie-v1.0.0": distroless,
}

// earlier contains stages of third-party Dockerfiles on which the pages' Dockerfiles build.
const earlier = `
FROM iptables-wrappers/distroless-base:trixie AS staged
FROM iptables-wrappers/debian-base:trixie AS build
COPY --from=staged / /opt/stage/
FROM iptables-wrappers/debian-base:trixie AS gorunner
RUN cp /usr/bin/true /go-runner
FROM scratch AS nothing
COPY --from=gorunner /go-runner /etc/static-debian13
`

// builder is the stage that builds the wrapper from a checkout. It needs Go and its modules, so the test replaces it
// with the binary that it makes; //tests/source runs the same command.
const builder = `FROM --platform=$BUILDPLATFORM golang:1.26 AS wrapper
ARG TARGETARCH
COPY iptables-wrappers /src
RUN GOARCH=$TARGETARCH make -C /src build
`

const built = `FROM iptables-wrappers/debian-base:trixie AS wrapper
COPY iptables-wrapper /src/bin/
`

var (
	packages = regexp.MustCompile(`(?m)^RUN apt-get update && apt-get install -y .*\n`) // the image has no package lists
	arch     = "TARGETARCH=amd64"                                                       // BuildKit's, which the older builder does not have
)

// Every Dockerfile of the pages must build, and its image must work on hosts in both modes.
func TestDockerfiles(t *testing.T) {
	needs.Variable(t, imagesVariable) // TestMain starts the engine only if it is set
	context := buildContext(t)
	release := serveRelease(t, context)
	for _, page := range strings.Fields(needs.Variable(t, "DOCKERFILES")) {
		for i, file := range pages.Files(t, page, "dockerfile") {
			t.Run(fmt.Sprintf("%s %d", filepath.Base(page), i+1), func(t *testing.T) {
				tag := fmt.Sprintf("page-%x", sha256.Sum256([]byte(file.Text)))[:20]
				build(t, context, dockerfile(t, file), tag, "--build-arg", release)
				for _, mode := range []string{"nft", "legacy"} {
					h := newHost(t, mode)
					container := h.name + "-links"
					must(t, "", append(h.options("--name", container), tag, "iptables-wrapper", "version")...)
					t.Cleanup(func() { docker(t, "", "rm", "--force", container) })
					for _, applet := range applets {
						if got := follow(t, container, "/usr/sbin/"+applet); got != "/usr/sbin/iptables-wrapper" {
							t.Errorf("%s leads to %s", applet, got)
						}
					}
					r := h.run(nil, tag, "iptables", "--version")
					if r.status != 0 || r.stderr != "" || !strings.HasSuffix(strings.TrimSpace(r.stdout), version[mode]) {
						t.Errorf("on a host in mode %s: %+v", mode, r)
					}
				}
			})
		}
	}
}

// TestPage runs the commands of docs/dockerfile.md with the page's own Dockerfile.
func TestPage(t *testing.T) {
	page := needs.Variable(t, "DOCKERFILE_PAGE")
	context := buildContext(t)
	if err := os.WriteFile(filepath.Join(context, "Dockerfile"), []byte(dockerfile(t, pages.Files(t, page, "dockerfile")[0])), 0o600); err != nil {
		t.Fatal(err)
	}
	for i, block := range pages.Blocks(t, page) {
		t.Run(fmt.Sprint(i+1), func(t *testing.T) {
			if len(block.States) == 0 || block.States[0] != "kubelet in legacy" {
				t.Fatalf("no host before\n%s", block.Text)
			}
			h := newHost(t, "legacy")
			for _, state := range block.States[1:] {
				if state != "rules in nft" {
					t.Fatalf("no host %q before\n%s", state, block.Text)
				}
				h.must(nil, debian, "iptables-nft", "-A", "FORWARD", "-j", "ACCEPT")
			}
			// Use the test's host and its lock in place of the machine's.
			replace := strings.NewReplacer("--network host", "--network container:"+h.name, "source=/run/xtables.lock", "source="+h.lock,
				"docker build", "docker build --network none")
			block.Try(t, func(script string) string {
				command := exec.Command("sh", "-c", "exec 2>&1; "+replace.Replace(script))
				command.Dir, command.Env = context, append(os.Environ(), "DOCKER_BUILDKIT=0")
				output, err := command.Output()
				if err != nil {
					return fmt.Sprintf("%s%v\n", output, err)
				}
				return string(output)
			})
		})
	}
}

// dockerfile changes a page's Dockerfile so that it can be built here.
func dockerfile(t *testing.T, file pages.File) string {
	t.Helper()
	text, before := strings.Replace(file.Text, builder, built, 1), ""
	switch file.Comment {
	case "":
		if !packages.MatchString(text) {
			t.Fatalf("it installs no packages:\n%s", text)
		}
		text = packages.ReplaceAllString(text, "")
	case "after: build, gorunner":
		before = earlier
		text = strings.ReplaceAll(text, "gcr.io/distroless/static-debian13", "nothing")
	default:
		t.Fatalf("before a Dockerfile stands %q", file.Comment)
	}
	return before + text
}

// build builds an image with the legacy builder, which is part of all Docker versions so far.
func build(t *testing.T, context, dockerfile, tag string, arguments ...string) {
	t.Helper()
	command := exec.Command("docker", append([]string{"build", "--network", "none", "--tag", tag, "--build-arg", arch, "--file", "-", context}, arguments...)...)
	command.Env, command.Stdin = append(os.Environ(), "DOCKER_BUILDKIT=0"), strings.NewReader(dockerfile)
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("docker build: %v\n%s\n%s", err, dockerfile, output)
	}
}

// buildContext returns a directory with the files that the Dockerfiles copy, and tags images with the names that the
// pages use.
func buildContext(t *testing.T) string {
	t.Helper()
	for name, image := range names {
		must(t, "", "tag", image, name)
	}
	dir := t.TempDir()
	for name, variable := range map[string]string{"iptables-wrapper": "WRAPPER", "iptables-wrapper-installer.sh": "INSTALLER"} {
		data, err := os.ReadFile(needs.Variable(t, variable))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// serveRelease serves the release files that the Dockerfiles fetch, on loopback, and returns the build argument with
// its address. tools/release tests that a release has files with these names and checksums.
func serveRelease(t *testing.T, context string) string {
	t.Helper()
	dir, sums := t.TempDir(), ""
	for name, from := range map[string]string{"iptables-wrapper-linux-amd64": "iptables-wrapper", "iptables-wrapper-installer.sh": "iptables-wrapper-installer.sh"} {
		data, err := os.ReadFile(filepath.Join(context, from))
		if err != nil {
			t.Fatal(err)
		}
		sums += fmt.Sprintf("%x  %s\n", sha256.Sum256(data), name)
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "SHA256SUMS"), []byte(sums), 0o600); err != nil {
		t.Fatal(err)
	}
	loopbackUp(t)
	server := httptest.NewServer(http.FileServer(http.Dir(dir)))
	t.Cleanup(server.Close)
	return "RELEASE=" + server.URL
}

// loopbackUp enables the loopback interface in the engine's network namespace, which is new.
func loopbackUp(t *testing.T) {
	t.Helper()
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(socket)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		t.Fatal(err)
	}
	lo.SetUint16(unix.IFF_UP)
	if err := unix.IoctlIfreq(socket, unix.SIOCSIFFLAGS, lo); err != nil {
		t.Fatal(err)
	}
}
