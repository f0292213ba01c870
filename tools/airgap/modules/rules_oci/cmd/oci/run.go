package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
)

// load pipes the archive into a container engine, so that no large file remains.
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
	// If an engine ends early, the pipe breaks. The engine's own message explains more than this error.
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
