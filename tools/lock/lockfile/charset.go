package lockfile

import (
	"fmt"
	"path"
	"regexp"
	"strings"
)

// The characters that names, versions, architectures and paths of Debian, Alpine and Fedora consist of. A mirror chooses these
// texts, and they become file names, parts of addresses, lines of a pull request and Starlark. Therefore no other character is
// accepted.
var (
	nameCharacters         = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9+._-]{0,127}$`)
	versionCharacters      = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9+.:^_~-]{0,127}$`)
	architectureCharacters = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,31}$`)
	segmentCharacters      = regexp.MustCompile(`^[A-Za-z0-9+.:^_~-]{1,255}$`)
	packageFile            = regexp.MustCompile(`\.(apk|deb|rpm)$`)
)

// CheckWords returns an error if a package's name, version or architecture contains a character that no distribution uses.
func CheckWords(name, version, architecture string) error {
	for _, word := range []struct {
		what, text string
		allowed    *regexp.Regexp
	}{{"name", name, nameCharacters}, {"version", version, versionCharacters}, {"architecture", architecture, architectureCharacters}} {
		if !word.allowed.MatchString(word.text) {
			return fmt.Errorf("%s %q: want %s", word.what, word.text, word.allowed)
		}
	}
	return nil
}

// CheckPath returns an error if a relative path does not consist of plain names. "." and ".." are not plain.
func CheckPath(text string) error {
	for segment := range strings.SplitSeq(text, "/") {
		if segment == "." || segment == ".." || !segmentCharacters.MatchString(segment) {
			return fmt.Errorf("path %q: %q is not a plain name", text, segment)
		}
	}
	return nil
}

// checkFile returns an error if a path does not end in the name of a package file. Bazel stores a package under that name,
// beside a BUILD file.
func checkFile(text string) error {
	if err := CheckPath(text); err != nil {
		return err
	}
	if name := path.Base(text); strings.HasPrefix(name, ".") || !packageFile.MatchString(name) {
		return fmt.Errorf("path %q: %q is not the name of a package file (.apk, .deb, .rpm)", text, name)
	}
	return nil
}
