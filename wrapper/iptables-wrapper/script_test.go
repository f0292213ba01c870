package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// The program under the names it is called by: testscript puts the test binary itself behind each of them in $PATH.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		commandName: main,
		"iptables":  main,
		"iptabels":  main,
	})
}

func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata/script"})
}
