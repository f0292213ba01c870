package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
)

// The test binary runs the program only if TestMain says so. Variables are initialized before init runs.
var _ = replaceStart()

func replaceStart() bool {
	start = func() {}
	return true
}

// TestMain lists the names by which scripts call the program. testscript creates each name in $PATH, and it leads to this
// test binary. A call by a name that is not listed would run all tests again.
func TestMain(m *testing.M) {
	commands := map[string]func(){commandName: run, "iptabels": run}
	for _, a := range applet.All() {
		commands[a.String()] = run
	}
	testscript.Main(m, commands)
}

func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata/script"})
}
