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
# Without .git here, git would describe an enclosing repository. Git refuses to read a repository that another user
# owns.
WRAPPER_VERSION ?= $(or $(shell test -e .git && git describe --tags --match 'v[0-9]*' --always --dirty 2>/dev/null),devel)

# The flags for the exact hand-over (wrapper/inherit). The go command takes them from here, Bazel from
# wrapper/inherit/flags.bzl.
HANDOVER_TAGS := handover
HANDOVER_LDFLAGS := -checklinkname=0 -E github.com/iptables-wrappers/iptables-wrappers/wrapper/inherit.entry \
	-X runtime.godebugDefault=asyncpreemptoff=1

export CGO_ENABLED := 0
export GOOS := linux
# The golang images set GOTOOLCHAIN=local. With that setting, a Go release older than go.mod requires fails. With auto,
# it downloads the required release.
export GOTOOLCHAIN := $(patsubst local,auto,$(or $(shell $(GO) env GOTOOLCHAIN),auto))

.PHONY: all build program clean
all: build

build: program
	install -m 0755 installer/iptables-wrapper-installer.sh iptables-wrapper-installer.sh

# Tests build with the same flags: make program PROGRAM=wrapper/inherit/testdata/handover BIN_DIR=DIRECTORY
PROGRAM := wrapper/iptables-wrapper
program:
	$(GO) build -trimpath -buildvcs=false -o '$(BIN_DIR)/' -tags=$(HANDOVER_TAGS) \
		-ldflags='-s -w $(HANDOVER_LDFLAGS) -X main.version=$(WRAPPER_VERSION)' ./$(PROGRAM)

clean:
	rm -f '$(BIN_DIR)/iptables-wrapper' iptables-wrapper-installer.sh
