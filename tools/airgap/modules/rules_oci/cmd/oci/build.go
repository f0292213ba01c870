package main

import (
	"bufio"
	"flag"
	"fmt"
	"os"

	"github.com/iptables-wrappers/iptables-wrappers/tools/airgap/modules/rules_oci/internal/archive"
	"github.com/iptables-wrappers/iptables-wrappers/tools/airgap/modules/rules_oci/internal/image"
	"github.com/iptables-wrappers/iptables-wrappers/tools/airgap/modules/rules_oci/internal/index"
	"github.com/iptables-wrappers/iptables-wrappers/tools/airgap/modules/rules_oci/internal/layout"
)

// buildImage writes the layout directory of an oci_image.
func buildImage(args []string) error {
	var spec image.Spec
	flags := flag.NewFlagSet("image", flag.ExitOnError)
	output := flags.String("output", "", "layout directory to write")
	flags.StringVar(&spec.Base, "base", "", "layout directory to extend")
	flags.StringVar(&spec.Platform.OS, "os", "", "operating system, without a base")
	flags.StringVar(&spec.Platform.Architecture, "architecture", "", "architecture, without a base")
	flags.StringVar(&spec.Platform.Variant, "variant", "", "variant of the architecture, without a base")
	var label string
	flags.StringVar(&label, "label", "", "target that the next layer is of")
	flags.Func("layer", "file that is a layer", func(path string) error {
		spec.Layers = append(spec.Layers, image.Layer{Path: path, Label: label})
		return nil
	})
	flags.StringVar(&spec.CreatedFile, "created", "", "file with a date")
	flags.StringVar(&spec.EntrypointFile, "entrypoint", "", "file with a line per word")
	flags.StringVar(&spec.CmdFile, "cmd", "", "file with a line per word")
	flags.StringVar(&spec.EnvFile, "env", "", "file with KEY=VALUE lines")
	flags.StringVar(&spec.LabelsFile, "labels", "", "file with key=value lines")
	flags.StringVar(&spec.AnnotationsFile, "annotations", "", "file with key=value lines")
	flags.StringVar(&spec.ExposedPortsFile, "exposed_ports", "", "file with a comma-separated list")
	flags.StringVar(&spec.VolumesFile, "volumes", "", "file with a comma-separated list")
	flags.StringVar(&spec.User, "user", "", "user of the process")
	flags.StringVar(&spec.Workdir, "workdir", "", "working directory of the process")
	if err := parse(flags, args); err != nil {
		return err
	}
	return image.Build(spec, *output)
}

// buildIndex writes the layout directory of an oci_image_index.
func buildIndex(args []string) error {
	flags := flag.NewFlagSet("index", flag.ExitOnError)
	output := flags.String("output", "", "layout directory to write")
	var images []string
	flags.Func("image", "layout directory of an image", func(value string) error {
		images = append(images, value)
		return nil
	})
	if err := parse(flags, args); err != nil {
		return err
	}
	return index.Build(images, *output)
}

// writeDigest writes the digest of the layout's single image or index, with a newline.
func writeDigest(args []string) error {
	flags := flag.NewFlagSet("digest", flag.ExitOnError)
	path := flags.String("image", "", "layout directory")
	output := flags.String("output", "", "file to write")
	if err := parse(flags, args); err != nil {
		return err
	}
	root, err := layout.Dir(*path).Root()
	if err != nil {
		return err
	}
	return os.WriteFile(*output, []byte(root.Digest.String()+"\n"), 0o644)
}

// writeArchive writes the tar of an oci_load.
func writeArchive(args []string) error {
	flags := flag.NewFlagSet("archive", flag.ExitOnError)
	output := flags.String("output", "", "file to write")
	var source loadSource
	source.register(flags)
	if err := parse(flags, args); err != nil {
		return err
	}
	file, err := os.Create(*output)
	if err != nil {
		return err
	}
	buffered := bufio.NewWriterSize(file, 1<<20)
	if err := source.write(buffered); err != nil {
		file.Close()
		return err
	}
	if err := buffered.Flush(); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}

func parse(flags *flag.FlagSet, args []string) error {
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	return nil
}

// loadSource is what an oci_load target packs.
type loadSource struct {
	image, tags, format string
}

func (s *loadSource) register(flags *flag.FlagSet) {
	flags.StringVar(&s.image, "image", "", "layout directory")
	flags.StringVar(&s.tags, "tags", "", "file with repository:tag lines")
	flags.StringVar(&s.format, "format", "docker", "docker or oci")
}

func (s *loadSource) write(w *bufio.Writer) error {
	tags, err := archive.ReadTags(s.tags)
	if err != nil {
		return err
	}
	switch s.format {
	case "docker":
		return archive.WriteDocker(w, layout.Dir(s.image), tags)
	case "oci":
		return archive.WriteOCI(w, layout.Dir(s.image), tags)
	default:
		return fmt.Errorf("format %q: must be docker or oci", s.format)
	}
}
