package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/needs"
)

func TestPicturesAreUpToDate(t *testing.T) {
	seen := 0
	for _, name := range strings.Fields(needs.Variable(t, "PICTURES")) {
		if filepath.Ext(name) != ".dot" {
			continue
		}
		seen++
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		picture, err := os.ReadFile(pictureOf(name))
		if err != nil {
			t.Error(err)
		}
		if !strings.HasSuffix(string(picture), drawn(text)) {
			t.Errorf("%s is not the picture of %s; run: ./bazelw run //docs:update", pictureOf(name), name)
		}
	}
	if seen == 0 {
		t.Error("no text of a picture")
	}
}
