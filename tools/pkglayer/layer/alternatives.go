package layer

import (
	"fmt"
	"path"
	"strings"

	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/alternatives"
)

const alternativesLinks = "/etc/alternatives"

// register does what the packages' post-install scripts would do. It registers every alternative in order. Then it
// writes each group's state file, and for each of its names both symlinks, which lead to the best choice.
func (t *Tree) register(database string, registrations []Registration) error {
	if len(registrations) == 0 {
		return nil
	}
	format, dir := alternatives.Dpkg, "var/lib/dpkg/alternatives"
	switch database {
	case "dpkg":
	case "chkconfig":
		format, dir = alternatives.Chkconfig, "var/lib/alternatives"
	case "suse": // dpkg's program with another directory
		dir = "var/lib/alternatives"
	default:
		return fmt.Errorf("settings: alternatives %q: not dpkg, chkconfig or suse", database)
	}
	var groups []*alternatives.Group
	byName := map[string]*alternatives.Group{}
	for _, r := range registrations {
		group := byName[r.Name]
		if group == nil {
			group = &alternatives.Group{Format: format, Name: r.Name, Link: r.Link}
			byName[r.Name] = group
			groups = append(groups, group)
		}
		alternative := alternatives.Alternative{Path: r.Path, Priority: r.Priority, Targets: map[string]string{}}
		var followers []alternatives.Follower
		for _, f := range r.Followers {
			alternative.Targets[f.Name] = f.Path
			followers = append(followers, alternatives.Follower{Name: f.Name, Link: f.Link})
		}
		group.Register(alternative, followers...)
	}
	for _, group := range groups {
		if err := t.addText(path.Join(dir, group.Name), group.Bytes()); err != nil {
			return err
		}
		if err := t.linkGroup(group); err != nil {
			return fmt.Errorf("alternatives group %s: %w", group.Name, err)
		}
	}
	return nil
}

func (t *Tree) linkGroup(group *alternatives.Group) error {
	best := group.Best()
	if err := t.link(group.Name, group.Link, best.Path); err != nil {
		return err
	}
	for _, follower := range group.Followers {
		if target := group.Target(best, follower.Name); target != "" {
			if err := t.link(follower.Name, follower.Link, target); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *Tree) link(name, link, target string) error {
	real, err := t.resolve(strings.TrimPrefix(target, "/"))
	if err != nil {
		return err
	}
	if _, exists := t.nodes[real]; !exists {
		return fmt.Errorf("%s for %s: no such file in the packages", target, link)
	}
	middle := path.Join(alternativesLinks, name)
	for _, pair := range [][2]string{{link, middle}, {middle, target}} {
		file := archive.File{Name: strings.TrimPrefix(pair[0], "/"), Type: archive.Symlink, Mode: 0o777, Link: pair[1]}
		if err := t.Add(file); err != nil {
			return err
		}
	}
	return nil
}
