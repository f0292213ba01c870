# Builds iptables-wrapper with the go command alone. Bazel does not read this file.
#
#   make                         writes bin/iptables-wrapper, and iptables-wrapper-installer.sh at the top of the checkout
#   make GOARCH=arm GOARM=7      builds for another architecture
#   make BIN_DIR=DIRECTORY       writes the binary into another directory
#   make WRAPPER_VERSION=v1.2.3  sets what `iptables-wrapper version` prints; without it, the version comes from git
#
# Dockerfiles that build kubernetes-sigs/iptables-wrappers from source clone it, run `make build` and copy these two files.

BIN_DIR ?= bin
GO ?= go
# Not that of a repository around this one: the .git must be here. Git refuses to read another user's repository.
WRAPPER_VERSION ?= $(or $(shell test -e .git && git describe --tags --match 'v[0-9]*' --always --dirty 2>/dev/null),devel)

# The flags that give the exact hand-over (wrapper/inherit). No other file has them for the go command; for Bazel they are in
# wrapper/iptables-wrapper/BUILD.bazel.
HANDOVER_LDFLAGS := -E github.com/iptables-wrappers/iptables-wrappers/wrapper/inherit.entry

export CGO_ENABLED := 0
export GOOS := linux
# The golang images set GOTOOLCHAIN=local, with which a Go that is older than go.mod asks for fails instead of fetching that one.
export GOTOOLCHAIN := $(patsubst local,auto,$(or $(shell $(GO) env GOTOOLCHAIN),auto))

.PHONY: all build wrapper clean
all: build

build: wrapper
	install -m 0755 installer/iptables-wrapper-installer.sh iptables-wrapper-installer.sh

wrapper:
	$(GO) build -trimpath -buildvcs=false -o '$(BIN_DIR)/iptables-wrapper' \
		-ldflags='-s -w $(HANDOVER_LDFLAGS) -X main.version=$(WRAPPER_VERSION)' ./wrapper/iptables-wrapper

clean:
	rm -f '$(BIN_DIR)/iptables-wrapper' iptables-wrapper-installer.sh
