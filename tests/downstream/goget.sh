#!/usr/bin/env bash
# Uses this module from another Go module: runs `go get` of wrapper/detect at this commit, by git as from GitHub, in a
# new module with an empty module cache. Then compiles a program with it, for this machine and for macOS, and runs it.
# It needs Go, git and a module proxy.
#
# usage: tests/downstream/goget.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
module=github.com/iptables-wrappers/iptables-wrappers
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# In place of GitHub: a clone in which the commit has a version tag.
git clone --quiet --bare "file://$PWD" "$work/origin"
git -C "$work/origin" tag --force v1.987.0 "$(git rev-parse HEAD)" >/dev/null
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0="url.file://$work/origin.insteadOf" GIT_CONFIG_VALUE_0="https://$module"
export GONOPROXY=$module GONOSUMDB=$module GOMODCACHE=$work/modcache GOFLAGS=-modcacherw GOWORK=off CGO_ENABLED=0

mkdir "$work/plugin"
cd "$work/plugin"
cat >main.go <<END
package main

import (
	"context"
	"fmt"

	"$module/wrapper/detect"
)

func main() {
	host, err := detect.Host(context.Background())
	fmt.Println(host.Mode, err)
}
END
go mod init example.org/plugin 2>/dev/null
go get "$module/wrapper/detect@v1.987.0"
go build -o plugin .
GOOS=darwin go build -o /dev/null .

compiled=$(go list -deps -f '{{with .Module}}{{.Path}}{{end}}' . | sort -u | tr '\n' ' ')
cat go.mod
echo "compiled, beside the standard library: $compiled"
echo "output: $(./plugin)"
if [ "$compiled" != "example.org/plugin $module golang.org/x/sys " ] || [ "$(grep -c ' v[0-9]' go.mod)" != 2 ]; then
	echo "goget.sh: a program with wrapper/detect gets more than this module and golang.org/x/sys" >&2
	exit 1
fi
