package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
)

// The program under the names it is called by: testscript puts the test binary itself behind each of them in $PATH. Without
// its name here, a call would run all tests again.
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
