// Command debapk is pkglayer without .rpm support. The .rpm library takes longer to compile than everything else that a
// Debian or Alpine image needs.
package main

import (
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/apk"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/command"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/deb"
)

func main() {
	command.Readers{".apk": apk.Read, ".deb": deb.Read}.Main()
}
