package index

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// The grammar of versions in apk-package(5): numbers, a letter, suffixes each with a number, a commit's hash, the package's revision.
var (
	apkVersion = regexp.MustCompile(`^[0-9]+(\.[0-9]+)*[a-z]?(_(alpha|beta|pre|rc|cvs|svn|git|hg|p)[0-9]*)*(~[0-9a-f]+)?(-r[0-9]+)?$`)
	apkParts   = regexp.MustCompile(`\.?[0-9]+|[a-z]|_[a-z]+|~[0-9a-f]+|-r[0-9]+`)
)

// Kinds of the parts of a version. If the first different parts of two versions are of different kinds, the version with the
// part of the lower kind is higher. A missing part has the highest kind.
const (
	apkFirst = iota
	apkNumber
	apkLetter
	apkSuffix
	apkSuffixNumber
	apkHash
	apkRevision
	apkEnd
)

// apkSuffixes are in the order of versions. Those before "" make a version lower.
var apkSuffixes = []string{"_alpha", "_beta", "_pre", "_rc", "", "_cvs", "_svn", "_git", "_hg", "_p"}

type apkPart struct {
	kind int
	text string
}

// ValidAlpine reports whether apk accepts a version.
func ValidAlpine(version string) bool { return apkVersion.MatchString(version) }

// splitApkVersion returns the parts of a version and an end part.
func splitApkVersion(version string) ([]apkPart, error) {
	if !ValidAlpine(version) {
		return nil, fmt.Errorf("version %q: not as apk-package(5) has it", version)
	}
	var parts []apkPart
	for _, text := range apkParts.FindAllString(version, -1) {
		kind := apkFirst
		switch {
		case text[0] == '.':
			kind, text = apkNumber, text[1:]
		case text[0] == '_':
			kind = apkSuffix
		case text[0] == '~':
			kind = apkHash
		case text[0] == '-':
			kind, text = apkRevision, text[len("-r"):]
		case text[0] >= 'a':
			kind = apkLetter
		case len(parts) > 0:
			kind = apkSuffixNumber
		}
		parts = append(parts, apkPart{kind, text})
	}
	return append(parts, apkPart{kind: apkEnd}), nil
}

// CompareAlpine orders versions as apk 3 does (apk-tools, src/version.c).
func CompareAlpine(a, b string) (int, error) {
	first, err := splitApkVersion(a)
	if err != nil {
		return 0, err
	}
	second, err := splitApkVersion(b)
	if err != nil {
		return 0, err
	}
	for i := range min(len(first), len(second)) {
		p, q := first[i], second[i]
		if p.kind == q.kind {
			if order := compareApkParts(p, q); order != 0 {
				return order, nil
			}
			continue
		}
		if p.isBefore() || q.isBefore() {
			return cmp.Compare(p.rank(), q.rank()), nil
		}
		return cmp.Compare(q.kind, p.kind), nil
	}
	return 0, nil
}

// isBefore reports whether a version with this part is lower than the version without it.
func (p apkPart) isBefore() bool { return p.rank() < 0 }

func (p apkPart) rank() int {
	if p.kind != apkSuffix {
		return 0
	}
	return slices.Index(apkSuffixes, p.text) - slices.Index(apkSuffixes, "")
}

func compareApkParts(p, q apkPart) int {
	switch p.kind {
	case apkSuffix:
		return cmp.Compare(p.rank(), q.rank())
	case apkLetter, apkHash:
		return strings.Compare(p.text, q.text)
	case apkNumber:
		// As in Gentoo, numbers after a point with a leading zero are compared as text: 1.01 is before 1.1.
		if p.text[0] == '0' || q.text[0] == '0' {
			return strings.Compare(p.text, q.text)
		}
	}
	a, b := strings.TrimLeft(p.text, "0"), strings.TrimLeft(q.text, "0")
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}
