package main

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/tests/kernels/kernel"
	"github.com/iptables-wrappers/iptables-wrappers/tests/kernels/machine"
	"github.com/iptables-wrappers/iptables-wrappers/tests/kernels/plan"
	"github.com/iptables-wrappers/iptables-wrappers/tools/imagetree"
)

// image is one image with its command tests.
type image struct {
	name         string // DISTRO/TARGET
	layout       string // OCI layout directory
	architecture kernel.Architecture
	tests        []commandTest
	cells        []plan.Cell // of each test
}

// nameOf returns the name of the image in a layout directory, its last two elements.
func nameOf(layout string) string { return path.Join(path.Base(path.Dir(layout)), path.Base(layout)) }

// readImage reads an image from LAYOUT,CONFIG...
func readImage(spec string) (*image, error) {
	words := strings.Split(spec, ",")
	v := &image{name: nameOf(words[0]), layout: words[0]}
	layout, err := imagetree.Open(v.layout)
	if err != nil {
		return nil, err
	}
	file, err := layout.Config()
	if err != nil {
		return nil, err
	}
	if file.Config.User != "" || file.Config.WorkingDir != "" {
		return nil, fmt.Errorf("%s: user %q, working directory %q: a guest supports only root in /", v.name, file.Config.User, file.Config.WorkingDir)
	}
	v.architecture = kernel.Architecture(file.Architecture)
	for _, name := range words[1:] {
		c, err := readConfig(name)
		if err != nil {
			return nil, err
		}
		v.add(c, file.Config.Env)
	}
	if len(v.tests) == 0 {
		return nil, fmt.Errorf("%s: no command tests: name the image's configurations", v.name)
	}
	return v, nil
}

// add adds the command tests of a configuration. Like the real program it replaces $NAME in commands from the image's environment.
func (v *image) add(c config, environment []string) {
	expand := func(text string) string {
		return os.Expand(text, func(name string) string {
			for _, entry := range environment {
				if value, is := strings.CutPrefix(entry, name+"="); is {
					return value
				}
			}
			return ""
		})
	}
	privilege, _ := c.ContainerRunOptions.privilege() // readConfig has returned its error
	for _, t := range c.CommandTests {
		command := &plan.Command{Layout: "/images/" + v.name, Argv: []string{expand(t.Command)}}
		for _, arg := range t.Args {
			command.Argv = append(command.Argv, expand(arg))
		}
		command.Env = append([]string{"HOME=/root"}, environment...)
		for _, variable := range t.EnvVars {
			command.Env = append(command.Env, variable.Key+"="+variable.Value)
		}
		v.tests = append(v.tests, t)
		v.cells = append(v.cells, plan.Cell{State: t.Name, Privilege: privilege, Command: command})
	}
}

// addImages adds the layouts to a guest's files. Images with a common base share its blobs.
func addImages(a *machine.Archive, images []*image) error {
	for _, directory := range []string{"images", "blobs", "blobs/sha256"} {
		a.Directory(directory, 0o755)
	}
	added := map[string]bool{}
	for _, v := range images {
		index, err := os.ReadFile(filepath.Join(v.layout, "index.json"))
		if err != nil {
			return err
		}
		home := "images/" + v.name
		if parent := path.Dir(home); !added[parent] {
			added[parent] = true
			a.Directory(parent, 0o755)
		}
		a.Directory(home, 0o755)
		a.File(home+"/index.json", 0o644, index)
		a.Symlink(home+"/blobs", "/blobs")
		blobs, err := os.ReadDir(filepath.Join(v.layout, "blobs/sha256"))
		if err != nil {
			return err
		}
		for _, blob := range blobs {
			name := "blobs/sha256/" + blob.Name()
			if added[name] {
				continue
			}
			added[name] = true
			data, err := os.ReadFile(filepath.Join(v.layout, name))
			if err != nil {
				return err
			}
			a.File(name, 0o644, data)
		}
	}
	return nil
}
