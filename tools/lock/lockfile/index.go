package lockfile

import (
	"fmt"
	"regexp"
	"time"
)

// Values of Index.Signature.
const (
	SignedIndex    = "index"
	SignedPackages = "packages"
	SumInMetalink  = "metalink"
)

// Index describes a repository's index at the time when packages were selected from it.
type Index struct {
	Suite string `json:"suite"` // as in Package
	// Date is when the distribution made the index, in RFC 3339: InRelease's Date, the time of the file APKINDEX in its tar, or
	// repomd.xml's revision. It is empty if the index has none.
	Date string `json:"date,omitempty"`
	// Signature is SignedIndex, or SignedPackages if the distribution signs each package instead of the index. It is SumInMetalink if,
	// in addition, the distribution's metalink contains the index's sum.
	Signature string `json:"signature"`
	// Key is the fingerprint of the OpenPGP key that signed the index, or the file name of Alpine's key. It is empty without SignedIndex.
	Key string `json:"key,omitempty"`
}

var keyCharacters = regexp.MustCompile(`^[A-Za-z0-9@._-]{1,128}$`)

func (i Index) check() error {
	if err := CheckPath(i.Suite); err != nil {
		return err
	}
	if _, err := time.Parse(time.RFC3339, i.Date); i.Date != "" && err != nil {
		return fmt.Errorf("date: %w", err)
	}
	switch {
	case i.Signature == SignedIndex && keyCharacters.MatchString(i.Key), (i.Signature == SignedPackages || i.Signature == SumInMetalink) && i.Key == "":
		return nil
	}
	return fmt.Errorf("signature %q by key %q: want %q and a key, or %q or %q and none", i.Signature, i.Key, SignedIndex, SignedPackages, SumInMetalink)
}

// CheckNewer returns an error if i was made before old, an index of the same suite, or lacks its date or its signature.
func (i Index) CheckNewer(old Index) error {
	was, err := time.Parse(time.RFC3339, old.Date)
	if err == nil {
		made, err := time.Parse(time.RFC3339, i.Date)
		if err != nil {
			return fmt.Errorf("without a date, and the locked one was made %s", old.Date)
		}
		if made.Before(was) {
			return fmt.Errorf("made %s, and the locked one later, %s", i.Date, old.Date)
		}
	}
	if old.Signature == SignedIndex && i.Signature != SignedIndex {
		return fmt.Errorf("not signed, and the locked one was, by key %s", old.Key)
	}
	return nil
}
