package links

import (
	"path"

	"github.com/iptables-wrappers/iptables-wrappers/wrapper/applet"
	"github.com/iptables-wrappers/iptables-wrappers/wrapper/rootfs"
)

// Hiding returns the applet names that a shell finds, with the usual PATH, before the one beside the wrapper, and that lead
// elsewhere. self is the wrapper's own path inside root, free of symlinks. An installation outside of PATH hides nothing.
func Hiding(root *rootfs.Root, self string) (names []string) {
	for _, a := range applet.All() {
		_, installed, err := root.Follow(path.Join(path.Dir(self), a.String()))
		var before []string
		for _, dir := range applet.Path() {
			name, placeErr := root.Place(path.Join(dir, a.String()))
			if err == nil && placeErr == nil && path.Dir(name) == path.Dir(self) {
				names = append(names, before...)
				break
			}
			_, notFound := root.Executable(name)
			if _, end, _ := root.Follow(name); placeErr == nil && notFound == nil && end != installed {
				before = append(before, name)
			}
		}
	}
	return names
}
