package origin

import (
	"bytes"
	"iter"
	"strings"
	"unicode/utf8"

	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/deb"
)

// maxCopyright is several times the copyright file of any package of an image. That of libc6 has 30 kB.
const maxCopyright = 1 << 20

// copyrightFormat is the address that the first field of a machine-readable copyright file names, without the parts that differ
// between old and new files.
const copyrightFormat = "debian.org/doc/packaging-manuals/copyright-format/1.0"

// copyrightLicenses returns the first line of the field License of each paragraph with a field Files. The file must have the
// machine-readable format (https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/), otherwise the result is NoAssertion.
// The file describes the files of the source package, so it can name more licenses than the package's own files have.
func copyrightLicenses(text []byte) []string {
	unknown := []string{NoAssertion}
	if len(text) > maxCopyright || !utf8.Valid(text) {
		return unknown
	}
	var licenses []string
	first := true
	for paragraph := range paragraphs(text) {
		fields, err := deb.Paragraph(paragraph)
		if err != nil || first && !isFormat(fields["Format"]) {
			return unknown
		}
		first = false
		if _, exists := fields["Files"]; exists {
			name, _, _ := strings.Cut(fields["License"], "\n")
			licenses = append(licenses, name)
		}
	}
	return licenses
}

func isFormat(address string) bool {
	_, rest, found := strings.Cut(address, "://")
	return found && strings.TrimSuffix(strings.TrimPrefix(rest, "www."), "/") == copyrightFormat
}

// paragraphs yields each paragraph. Lines without text separate them. It leaves out comments, as deb822(5) defines them.
func paragraphs(text []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		var paragraph []byte
		for line := range bytes.Lines(text) {
			switch line = bytes.TrimRight(line, " \t\r\n"); {
			case bytes.HasPrefix(line, []byte("#")):
			case len(line) > 0:
				paragraph = append(append(paragraph, line...), '\n')
			case len(paragraph) > 0:
				if !yield(paragraph) {
					return
				}
				paragraph = nil
			}
		}
		if len(paragraph) > 0 {
			yield(paragraph)
		}
	}
}
