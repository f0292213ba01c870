// Command keys fills images/DISTRO/keys with the keys that images/distros.bzl names, from Debian's package distribution-gpg-keys.
//
//	./bazelw run //tools/lock/keys -- [-mirror ADDRESS]
//
// The package comes from Debian testing, through the index that Debian signed with the keys in images/debian/keys. So this
// repository trusts only keys that Debian distributes. The change of the files is reviewed like any other change.
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/images"
	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/closure"
	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/index"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/deb"
)

const (
	packageName = "distribution-gpg-keys"
	within      = "usr/share/distribution-gpg-keys"
	// Debian testing: it contains the keys of new releases within weeks.
	suite = "forky"
)

func main() {
	err := run(context.Background(), os.Args[1:], os.Stdout)
	if errors.Is(err, flag.ErrHelp) {
		return // the flag package has printed the usage
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "keys:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("keys", flag.ContinueOnError)
	workspace := flags.String("workspace", os.Getenv("BUILD_WORKSPACE_DIRECTORY"), "the checkout's `DIRECTORY`")
	table := flags.String("table", "images/distros.generated.json", "JSON `FILE` with the table of distributions; Bazel passes the current table")
	mirror := flags.String("mirror", "https://ftp.debian.org/debian", "`ADDRESS` of Debian's archive")
	proof := flags.Bool("prove", false, "write nothing; verify real signatures, which are test data of Go modules, with the committed keys")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 0 {
		return fmt.Errorf("%q: unexpected argument: -help lists the flags", flags.Args())
	}
	dir := filepath.Join(*workspace, "images")
	distros, err := images.Read(*table)
	if err != nil {
		return err
	}
	trusted, err := index.ReadKeys(filepath.Join(dir, "debian", "keys"))
	if err != nil {
		return err
	}
	debian := &index.Debian{
		Fetch: index.HTTP(http.DefaultClient), Mirror: strings.TrimSuffix(*mirror, "/"), Name: "debian", Suite: suite, Keys: trusted,
	}
	if *proof {
		debian.Expired = func(warning string) { fmt.Fprintln(os.Stderr, "keys: warning:", warning) }
	}
	found, files, err := fetch(ctx, debian)
	if err != nil {
		return err
	}
	if *proof {
		return prove(dir, files, out)
	}
	for _, distro := range slices.Sorted(maps.Keys(distros)) {
		if err := write(filepath.Join(dir, distro, "keys"), found, distros[distro].Keys, files); err != nil {
			return fmt.Errorf("keys of %s: %w", distros[distro].Title, err)
		}
	}
	fmt.Fprintf(out, "keys: %s %s, sha256 %s\n", found.Name, found.Version, found.File.SHA256)
	return nil
}

// fetch returns the newest package in the suite's index, and its files.
func fetch(ctx context.Context, debian *index.Debian) (*closure.Package, map[string][]byte, error) {
	packages, _, err := debian.Packages(ctx, "amd64")
	if err != nil {
		return nil, nil, err
	}
	at := slices.IndexFunc(packages, func(p *closure.Package) bool { return p.Name == packageName })
	if at < 0 {
		return nil, nil, fmt.Errorf("package %s: not in %s", packageName, suite)
	}
	p := packages[at]
	data, err := debian.Fetch(ctx, debian.Address(p), p.File.Size)
	if err != nil {
		return nil, nil, err
	}
	if sum := fmt.Sprintf("%x", sha256.Sum256(data)); sum != p.File.SHA256 {
		return nil, nil, fmt.Errorf("package %s %s: sha256 %s, the signed index says %s", p.Name, p.Version, sum, p.File.SHA256)
	}
	content, err := deb.Read(bytes.NewReader(data), archive.DefaultLimits())
	if err != nil {
		return nil, nil, fmt.Errorf("package %s %s: %w", p.Name, p.Version, err)
	}
	files := map[string][]byte{}
	for _, file := range content.Files {
		if name, below := strings.CutPrefix(file.Name, within+"/"); below && file.Type == archive.Regular {
			files[name] = file.Data
		}
	}
	return p, files, nil
}

// write makes a distribution's directory contain the named keys and a file with their source, and nothing else.
func write(dir string, from *closure.Package, names []string, files map[string][]byte) error {
	if len(names) == 0 {
		return nil
	}
	var readme strings.Builder
	fmt.Fprintf(&readme, "# Keys\n\nWritten by `./bazelw run //tools/lock/keys`, from Debian's package %s %s\n(sha256 `%s`), whose index Debian signed.\n"+
		"images/distros.bzl names them.\n\n| key | sha256 |\n|---|---|\n", from.Name, from.Version, from.File.SHA256)
	kept := map[string][]byte{}
	for _, name := range names {
		data, exists := files[name]
		if !exists {
			return fmt.Errorf("package %s %s: no file %s/%s", from.Name, from.Version, within, name)
		}
		kept[path.Base(name)] = data
		fmt.Fprintf(&readme, "| `%s` | `%x` |\n", name, sha256.Sum256(data))
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	kept["README.md"] = []byte(readme.String())
	for name, data := range kept {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}
