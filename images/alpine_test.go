package images_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/iptables-wrappers/iptables-wrappers/images"
	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/closure"
	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/index"
)

// alpineIndex lists the packages of Alpine 3.22.5 that could get into an image: name and version, needs, provides,
// further fields. The versions are those of a public image. The relations are those of aports that affect the
// selection.
const alpineIndex = `
alpine-baselayout 3.7.0-r0|alpine-baselayout-data=3.7.0-r0 /bin/sh||
alpine-baselayout-data 3.7.0-r0|||
alpine-keys 2.5-r0|||
alpine-release 3.22.5-r0|alpine-keys||
apk-tools 2.14.10-r0|musl>=1.2.3_git20230424 ca-certificates-bundle so:libapk.so.2.14.0 so:libc.musl-x86_64.so.1||
busybox 1.37.0-r20|so:libc.musl-x86_64.so.1|cmd:busybox=1.37.0-r20|
busybox-binsh 1.37.0-r20|busybox=1.37.0-r20|/bin/sh cmd:sh=1.37.0-r20|k:100
ca-certificates-bundle 20260611-r0|||
dash-binsh 0.5.12-r2|dash=0.5.12-r2|/bin/sh cmd:sh=0.5.12-r2|k:60
dash 0.5.12-r2|so:libc.musl-x86_64.so.1||
iptables 1.8.11-r1|so:libc.musl-x86_64.so.1 so:libmnl.so.0 so:libnftnl.so.11 so:libxtables.so.12||
iptables-legacy 1.8.11-r1|so:libc.musl-x86_64.so.1 so:libip4tc.so.2 so:libip6tc.so.2 so:libxtables.so.12||
iptables-openrc 1.8.11-r1|||i:openrc iptables=1.8.11-r1
libapk2 2.14.10-r0|so:libc.musl-x86_64.so.1 so:libcrypto.so.3 so:libssl.so.3 so:libz.so.1|so:libapk.so.2.14.0=2.14.0|
libcrypto3 3.5.7-r0|so:libc.musl-x86_64.so.1|so:libcrypto.so.3=3|
libip4tc 1.8.11-r1|so:libc.musl-x86_64.so.1|so:libip4tc.so.2=2.0.0|
libip6tc 1.8.11-r1|so:libc.musl-x86_64.so.1|so:libip6tc.so.2=2.0.0|
libmnl 1.0.5-r2|so:libc.musl-x86_64.so.1|so:libmnl.so.0=0.2.0|
libnftnl 1.2.9-r0|so:libc.musl-x86_64.so.1 so:libmnl.so.0|so:libnftnl.so.11=11.8.0|
libssl3 3.5.7-r0|so:libc.musl-x86_64.so.1 so:libcrypto.so.3|so:libssl.so.3=3|
libxtables 1.8.11-r1|so:libc.musl-x86_64.so.1|so:libxtables.so.12=12.7.0|
musl 1.2.5-r12||so:libc.musl-x86_64.so.1=1|
musl-utils 1.2.5-r12|scanelf so:libc.musl-x86_64.so.1||
scanelf 1.3.8-r1|so:libc.musl-x86_64.so.1||
ssl_client 1.37.0-r20|so:libc.musl-x86_64.so.1 so:libcrypto.so.3 so:libssl.so.3||i:libssl3 busybox=1.37.0-r20
zlib 1.3.2-r0|so:libc.musl-x86_64.so.1|so:libz.so.1=1.3.2|
`

// minirootfs and iptables are the packages of Alpine's own minirootfs and of both iptables modes in the same public
// image.
const (
	minirootfs = "alpine-baselayout alpine-baselayout-data alpine-keys alpine-release apk-tools busybox busybox-binsh ca-certificates-bundle " +
		"libapk2 libcrypto3 libssl3 musl musl-utils scanelf ssl_client zlib"
	iptables = "iptables iptables-legacy libip4tc libip6tc libmnl libnftnl libxtables"
)

func alpinePackages(t *testing.T) []*closure.Package {
	t.Helper()
	var text strings.Builder
	for line := range strings.Lines(strings.TrimSpace(alpineIndex)) {
		fields := strings.Split(strings.TrimSpace(line), "|")
		name, version, _ := strings.Cut(fields[0], " ")
		text.WriteString("C:Q1FvFfkoMn9FrIGdV+tHhZxwdB/Xo=\nP:" + name + "\nV:" + version + "\nA:x86_64\nS:100\nD:" + fields[1] + "\np:" + fields[2] + "\n")
		if fields[3] != "" {
			text.WriteString(fields[3] + "\n")
		}
		text.WriteString("\n")
	}
	packages, err := index.ParseAPKINDEX([]byte(text.String()), "x86_64", "https://example.com")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range packages {
		if p.Odd != "" {
			t.Fatalf("package %s: %s", p.Name, p.Odd)
		}
	}
	return packages
}

// The table's packages, with their dependencies, must be Alpine's minirootfs and both modes of iptables. The minimal
// variant must have no shell and no apk.
func TestAlpinePackages(t *testing.T) {
	table, err := images.Read("distros.generated.json")
	if err != nil {
		t.Fatal(err)
	}
	solver, err := closure.New(alpinePackages(t), index.Apk)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"alpine":         minirootfs + " " + iptables,
		"alpine-minimal": "alpine-baselayout-data alpine-release musl " + iptables,
	} {
		variant, exists := table["alpine"].Variants[name]
		if !exists {
			t.Errorf("no variant %s", name)
			continue
		}
		needed, err := solver.Resolve(variant.Packages, variant.Without)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var got []string
		for _, p := range needed {
			got = append(got, p.Name)
		}
		slices.Sort(got)
		if diff := cmp.Diff(slices.Sorted(strings.FieldsSeq(want)), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
