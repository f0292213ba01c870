// Command pkglayer makes one deterministic image layer of distribution packages (.deb, .apk, .rpm), without running a
// package manager or one line of a package's scripts.
//
// A package that is truncated, corrupt, absurdly large or hostile is an error, and then nothing is written.
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
