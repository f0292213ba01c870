package images_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/iptables-wrappers/iptables-wrappers/tests/roots"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/layer"
)

// build makes a layer with the variant's settings in images/private/variants.bzl, but without a package database. The layer has
// one package with files at these paths. Each file contains its path.
func build(t *testing.T, distro, variant string, paths ...string) *layer.Tree {
	t.Helper()
	encoded, err := os.ReadFile("distros.generated.json")
	if err != nil {
		t.Fatal(err)
	}
	var table map[string]struct {
		Variants map[string]layer.Settings `json:"variants"`
	}
	if err := json.Unmarshal(encoded, &table); err != nil {
		t.Fatal(err)
	}
	settings, exists := table[distro].Variants[variant]
	if !exists {
		t.Fatalf("no variant %s of %s", variant, distro)
	}
	settings.Metadata = ""
	pkg := &archive.Package{Name: "a", Version: "1", Architecture: "x86_64"}
	for _, path := range paths {
		pkg.Files = append(pkg.Files, archive.File{Name: path, Type: archive.Regular, Mode: 0o755, Data: []byte(path)})
	}
	tree, err := layer.Build(settings, []*archive.Package{pkg})
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// The state fedora43-nft-legacy is the file that chkconfig 1.33 writes, built with merged sbin as Fedora builds it, for the --install calls in
// the %post scripts of iptables-nft and iptables-legacy 1.8.11-9.fc43, in that order.
func TestFedoraRegistersAsItsScriptsDo(t *testing.T) {
	var paths []string
	for _, family := range []string{"iptables", "ip6tables", "arptables", "ebtables"} {
		for _, suffix := range []string{"", "-save", "-restore"} {
			paths = append(paths, "usr/bin/"+family+"-nft"+suffix)
			if strings.HasPrefix(family, "ip") {
				paths = append(paths, "usr/bin/"+family+"-legacy"+suffix)
			}
		}
	}
	tree := build(t, "fedora", "fedora", paths...)
	if got, _ := tree.Data("var/lib/alternatives/iptables"); string(got) != roots.State("fedora43-nft-legacy.chkconfig") {
		t.Errorf("got:\n%s\nwant:\n%s", got, roots.State("fedora43-nft-legacy.chkconfig"))
	}
	for name, target := range map[string]string{
		"usr/sbin/ip6tables-save": "usr/bin/ip6tables-nft-save", // /usr/sbin is /usr/bin
		"usr/bin/arptables":       "usr/bin/arptables-nft",
		"usr/bin/ebtables-save":   "usr/bin/ebtables-nft-save",
	} {
		if got, _ := tree.Data(name); string(got) != target {
			t.Errorf("%s leads to %q, want %q", name, got, target)
		}
	}
}

func TestAlpineRepositories(t *testing.T) {
	for variant, want := range map[string]string{
		"alpine":         "https://dl-cdn.alpinelinux.org/alpine/v{release}/main\nhttps://dl-cdn.alpinelinux.org/alpine/v{release}/community\n",
		"alpine-minimal": "",
	} {
		tree := build(t, "alpine", variant, "usr/sbin/xtables-nft-multi", "usr/sbin/iptables-apply")
		if got, _ := tree.Data("etc/apk/repositories"); string(got) != want {
			t.Errorf("%s: /etc/apk/repositories is %q, want %q", variant, got, want)
		}
		if _, exists := tree.Data("var/lib/alternatives/iptables"); exists {
			t.Errorf("%s: Alpine has no alternatives", variant)
		}
	}
}
