// Command debapk is pkglayer without .rpm, whose library is longer in the compiling than all the rest of a first image.
package main

import (
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/apk"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/command"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/deb"
)

func main() {
	command.Readers{".apk": apk.Read, ".deb": deb.Read}.Main()
}
