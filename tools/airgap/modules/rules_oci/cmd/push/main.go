// Command push implements oci_push. It is a separate command so that building an image does not compile a registry client.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/tools/airgap/modules/rules_oci/internal/archive"
	"github.com/iptables-wrappers/iptables-wrappers/tools/airgap/modules/rules_oci/internal/layout"
	"github.com/iptables-wrappers/iptables-wrappers/tools/airgap/modules/rules_oci/internal/push"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "oci push: %v\n", err)
		os.Exit(1)
	}
}

// run parses the target's own flags first, then those that the user passed to `bazel run`.
func run(args []string) error {
	var image, repositoryFile, tagsFile string
	options := push.Options{Progress: os.Stdout, Verbose: io.Discard}
	flags := flag.NewFlagSet("push", flag.ExitOnError)
	flags.StringVar(&image, "image", "", "layout directory")
	flags.StringVar(&repositoryFile, "repository_file", "", "file with the repository")
	flags.StringVar(&tagsFile, "tags_file", "", "file with tags")
	for _, name := range []string{"r", "repository"} {
		flags.StringVar(&options.Repository, name, "", "repository to push to")
	}
	for _, name := range []string{"t", "tag"} {
		flags.Func(name, "tag to apply", func(tag string) error {
			options.Tags = append(options.Tags, tag)
			return nil
		})
	}
	flags.BoolVar(&options.Insecure, "insecure", false, "allow plain HTTP")
	flags.BoolVar(&options.NonDistributable, "allow-nondistributable-artifacts", false, "push non-distributable layers")
	for _, name := range []string{"v", "verbose"} {
		flags.BoolFunc(name, "say what is done", func(string) error {
			options.Verbose = os.Stderr
			return nil
		})
	}
	// crane, which the real rules run, takes this flag for every command and has no use for it in a push.
	flags.String("platform", "", "accepted for compatibility; a push uploads the layout as it is")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if options.Repository == "" && repositoryFile != "" {
		text, err := os.ReadFile(repositoryFile)
		if err != nil {
			return err
		}
		options.Repository = strings.TrimSpace(string(text))
	}
	if options.Repository == "" {
		return errors.New("repository not set: pass --repository")
	}
	if tagsFile != "" {
		tags, err := archive.ReadTags(tagsFile)
		if err != nil {
			return err
		}
		options.Tags = append(options.Tags, tags...)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	return push.Push(ctx, layout.Dir(image), options)
}
