package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
)

// TestMain lists the names by which scripts call the program. testscript creates each name in $PATH, and it leads to this
// test binary. A call by a name that is not listed would run all tests again.
func TestMain(m *testing.M) {
	commands := map[string]func(){commandName: main, "iptabels": main}
	for _, a := range applet.All() {
		commands[a.String()] = main
	}
	testscript.Main(m, commands)
}

func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata/script"})
}
