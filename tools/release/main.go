// Command release makes a release of what Bazel built, by the same words in the workflow and on anybody's machine:
//
//	./bazelw run --//wrapper:version=v1.0.0 //tools/release -- --output dist
//
// Like this it is a rehearsal: the images go to a registry on loopback that ends with the program, everything is signed by
// a throwaway key, and all of it is verified. With --registry and --identity (in a GitHub workflow) or --key it is the
// release itself, and only its files are left to publish. Next to the parts listed in contents.go it needs cosign 3 and git
// in PATH.
//
// What --output has afterwards:
//
//	assets/    the files of the release
//	notes.md   what CHANGELOG.md says of the version; none of a build without one
//	images/    an SBOM for each image, as attested in the registry
//	registry/  what to add to the Bazel Central Registry
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
)

// options are what the command line says.
type options struct {
	contents string
	source   string
	output   string
	registry string
	key      string
	identity string
}

func main() {
	var o options
	flag.StringVar(&o.contents, "contents", os.Getenv("RELEASE_CONTENTS"), "`file` with what Bazel built; the default is everything")
	flag.StringVar(&o.source, "source", os.Getenv("BUILD_WORKSPACE_DIRECTORY"), "`checkout` that the source archive is of")
	flag.StringVar(&o.output, "output", "", "`folder` to make; it must not exist, or be empty")
	flag.StringVar(&o.registry, "registry", "", "`HOST/PREFIX` of the images; the default is a registry on loopback, for a rehearsal")
	flag.StringVar(&o.key, "key", "", "cosign's private key `file` to sign with, beside its .pub; the default is a throwaway one")
	flag.StringVar(&o.identity, "identity", "", "sign without a key, as this workflow: `https://github.com/OWNER/NAME/.github/workflows/FILE@REF`")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "release: %q: unexpected: there are only flags, which --help lists\n", flag.Arg(0))
		os.Exit(2)
	}
	o.output, o.source, o.key = within(o.output), within(o.source), within(o.key)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func (o *options) check(c *contents) error {
	switch {
	case o.output == "":
		return fmt.Errorf("--output: missing: name the folder to make")
	case o.key != "" && o.identity != "":
		return fmt.Errorf("--key and --identity: one of them: a release is signed in one way")
	case o.registry != "" && o.key == "" && o.identity == "":
		return fmt.Errorf("--registry %s: signed by a throwaway key, which nobody could believe: give --key or --identity, or leave --registry out for a rehearsal", o.registry)
	case o.registry != "" && c.Version == unreleased && !loopback(o.registry):
		return fmt.Errorf("version %s: not for others: build with --//wrapper:version=v1.2.3, or leave --registry out for a rehearsal", c.Version)
	}
	return nil
}

func run(ctx context.Context, o options) error {
	c, err := readContents(o.contents)
	if err != nil {
		return err
	}
	if err := o.check(c); err != nil {
		return err
	}
	src, err := openCheckout(ctx, o.source, c.Version, o.registry != "")
	if err != nil {
		return err
	}
	r := &release{contents: c, source: src, output: o.output, builder: o.identity}
	if r.builder == "" {
		r.builder = buildType + "#by-hand"
	}
	if r.registry = o.registry; r.registry == "" {
		server := rehearsalRegistry()
		defer server.Close()
		r.registry = server.Listener.Addr().String() + "/rehearsal"
	}
	return r.make(ctx, o)
}
