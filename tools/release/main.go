// Command release makes a release from the outputs of Bazel. The workflow and each user run the same command:
//
//	./bazelw run --//wrapper:version=v1.0.0 //tools/release -- --output dist
//
// Like this it is a rehearsal: it pushes the images to a registry on loopback that ends with the program, signs everything with
// a temporary key, and verifies everything. With --registry and --identity (in a GitHub workflow) or --key it makes the
// release. Only its files must then be published. It needs the files listed in contents.go, and cosign 3 and git in PATH.
//
// The workflow runs it in two jobs. The first has no write permission: it builds, and stops after --stage. The second has the
// permissions to sign and push. It executes nothing that the first job built, and reads its files with --staged.
//
// --output contains afterwards:
//
//	assets/    the files of the release
//	layout/    the images, as an OCI layout
//	stage.json the version, the commit, and the images with their tags and SBOMs
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

// options are the values of the command line.
type options struct {
	contents string
	source   string
	output   string
	registry string
	key      string
	identity string
	vex      string
	stage    bool
	staged   string
}

func main() {
	var o options
	flag.StringVar(&o.contents, "contents", os.Getenv("RELEASE_CONTENTS"), "`file` with what Bazel built; the default is everything")
	flag.StringVar(&o.source, "source", os.Getenv("BUILD_WORKSPACE_DIRECTORY"), "`checkout` that the source archive is of")
	flag.StringVar(&o.output, "output", "", "`directory` to make; it must not exist, or be empty")
	flag.StringVar(&o.registry, "registry", "", "`HOST/PREFIX` of the images; the default is a registry on loopback, for a rehearsal")
	flag.StringVar(&o.key, "key", "", "cosign's private key `file` to sign with, beside its .pub; the default is a temporary one")
	flag.StringVar(&o.identity, "identity", "", "sign without a key, as this workflow: `https://github.com/OWNER/NAME/.github/workflows/FILE@REF`")
	flag.StringVar(&o.vex, "vex", "", "add this `file` of govulncheck -format openvex (.ci/vulncheck --openvex)")
	flag.BoolVar(&o.stage, "stage", false, "stop before anything is signed or pushed; needs no rights and no cosign")
	flag.StringVar(&o.staged, "staged", "", "sign and push the `directory` that --stage wrote; nothing is built")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "release: %q: unexpected: there are only flags, which --help lists\n", flag.Arg(0))
		os.Exit(2)
	}
	o.output, o.source, o.key, o.vex, o.staged = within(o.output), within(o.source), within(o.key), within(o.vex), within(o.staged)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// check refuses a release that must not be published. A stage is neither signed nor pushed, so it needs no key.
func (o *options) check(version string) error {
	switch {
	case o.output == "":
		return fmt.Errorf("--output: missing: name the directory to make")
	case o.key != "" && o.identity != "":
		return fmt.Errorf("--key and --identity: both are set: a release is signed in one way: remove one")
	case o.registry != "" && o.key == "" && o.identity == "" && !o.stage:
		return fmt.Errorf("--registry %s: signed by a temporary key, which no user can verify: add --key or --identity, or remove --registry for a rehearsal", o.registry)
	case o.stage && (o.registry == "" || o.key != "" || o.identity != ""):
		return fmt.Errorf("--stage: needs --registry, for the images' names, and neither --key nor --identity")
	case o.registry != "" && version == unreleased && !loopback(o.registry):
		return fmt.Errorf("version %s: cannot be published: build with --//wrapper:version=v1.2.3, or remove --registry for a rehearsal", version)
	}
	return nil
}

func run(ctx context.Context, o options) error {
	if o.staged != "" {
		return runStaged(ctx, o)
	}
	c, err := readContents(o.contents)
	if err != nil {
		return err
	}
	if err := o.check(c.Version); err != nil {
		return err
	}
	src, err := openCheckout(ctx, o.source, c.Version, o.registry != "")
	if err != nil {
		return err
	}
	r := &release{contents: c, source: src, output: o.output, registry: o.registry, vex: o.vex}
	if r.registry == "" {
		server := rehearsalRegistry()
		defer server.Close()
		r.registry = server.Listener.Addr().String() + "/rehearsal"
	}
	if err := r.stage(ctx); err != nil || o.stage {
		return err
	}
	o.staged, o.registry = o.output, r.registry
	return publish(ctx, o, src)
}

// runStaged is the second half of run. It can run in another process or on another machine.
func runStaged(ctx context.Context, o options) error {
	if o.registry == "" || o.output != "" || o.stage {
		return fmt.Errorf("--staged %s: needs --registry, and neither --output nor --stage", o.staged)
	}
	s, err := readStage(o.staged, o.registry)
	if err != nil {
		return err
	}
	o.output = o.staged
	if err := o.check(s.Version); err != nil {
		return err
	}
	src, err := openCheckout(ctx, o.source, s.Version, true)
	if err != nil {
		return err
	}
	return publish(ctx, o, src)
}
