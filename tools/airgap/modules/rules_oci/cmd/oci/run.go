package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/tools/airgap/modules/rules_oci/internal/archive"
	"github.com/iptables-wrappers/iptables-wrappers/tools/airgap/modules/rules_oci/internal/layout"
	"github.com/iptables-wrappers/iptables-wrappers/tools/airgap/modules/rules_oci/internal/push"
)

// load pipes the archive into a container engine, so that no large file is left behind.
func load(args []string) error {
	flags := flag.NewFlagSet("load", flag.ExitOnError)
	loader := flags.String("loader", "", "program to use in place of docker, podman or nerdctl")
	var source loadSource
	source.register(flags)
	if err := parse(flags, args); err != nil {
		return err
	}
	engine, err := findEngine(*loader)
	if err != nil {
		return err
	}
	reader, writer, err := os.Pipe()
	if err != nil {
		return err
	}
	defer reader.Close()
	// The engine opens its third descriptor by name: `load` reads a file.
	command := exec.Command(engine, "load", "--input", "/dev/fd/3")
	command.ExtraFiles = []*os.File{reader}
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	if err := command.Start(); err != nil {
		writer.Close()
		return err
	}
	reader.Close()
	buffered := bufio.NewWriterSize(writer, 1<<20)
	packErr := source.write(buffered)
	if packErr == nil {
		packErr = buffered.Flush()
	}
	writer.Close()
	// An engine that gives up early breaks the pipe: its own message says more than ours would.
	if err := command.Wait(); err != nil {
		return fmt.Errorf("%s load: %w", engine, errors.Join(err, packErr))
	}
	return packErr
}

func findEngine(loader string) (string, error) {
	if loader != "" {
		return loader, nil
	}
	for _, engine := range []string{"docker", "podman", "nerdctl"} {
		if path, err := exec.LookPath(engine); err == nil {
			return path, nil
		}
	}
	return "", errors.New("none of docker, podman and nerdctl is on PATH: install one, or name another in the loader attribute")
}

// pushImage takes the target's own flags first, then those the user gave to `bazel run`.
func pushImage(args []string) error {
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
	if err := parse(flags, args); err != nil {
		return err
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
