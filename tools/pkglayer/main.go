// Command pkglayer makes one deterministic image layer from distribution packages (.deb, .apk, .rpm). It runs no
// package manager and no package script.
//
// If a package is truncated, corrupt, too large or hostile, pkglayer prints an error and writes no file.
package main

import (
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/apk"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/command"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/deb"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/rpm"
)

func main() {
	command.Readers{".apk": apk.Read, ".deb": deb.Read, ".rpm": rpm.Read}.Main()
}
