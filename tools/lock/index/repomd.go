package index

import (
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"path"
	"strings"
)

// repomd.xml names a repository's other files, with their sums.
type repomd struct {
	Data []struct {
		Type     string   `xml:"type,attr"`
		Checksum checksum `xml:"checksum"`
		Location location `xml:"location"`
	} `xml:"data"`
}

type checksum struct {
	Type string `xml:"type,attr"`
	Hex  string `xml:",chardata"`
}

// sha256 is the sum, if it is of that kind.
func (c checksum) sha256() (string, error) {
	if c.Type != "sha256" {
		return "", fmt.Errorf("checksum of type %q: this program knows sha256", c.Type)
	}
	text := strings.TrimSpace(c.Hex)
	if sum, err := hex.DecodeString(text); err != nil || len(sum) != 32 {
		return "", fmt.Errorf("checksum %q: not a sha256", text)
	}
	return text, nil
}

type location struct {
	Href string `xml:"href,attr"`
	Base string `xml:"base,attr"`
}

// path is the place below the repository's address.
func (l location) path() (string, error) {
	if l.Base != "" {
		return "", fmt.Errorf("location %q: in another repository, %q", l.Href, l.Base)
	}
	if l.Href == "" || path.IsAbs(l.Href) || strings.ContainsAny(l.Href, "?#%\\ ") || path.Clean(l.Href) != l.Href || strings.HasPrefix(l.Href, "..") {
		return "", fmt.Errorf("location %q: not a plain relative path", l.Href)
	}
	return l.Href, nil
}

// ParseRepomd returns the place and the sha256 of the file that lists the packages, "primary".
func ParseRepomd(text []byte) (place, sum string, err error) {
	var listed repomd
	if err := xml.Unmarshal(text, &listed); err != nil {
		return "", "", fmt.Errorf("index repomd.xml: %w", err)
	}
	for _, data := range listed.Data {
		if data.Type != "primary" {
			continue
		}
		if place, err = data.Location.path(); err != nil {
			return "", "", fmt.Errorf("index repomd.xml: %w", err)
		}
		if sum, err = data.Checksum.sha256(); err != nil {
			return "", "", fmt.Errorf("index repomd.xml: %w", err)
		}
		return place, sum, nil
	}
	return "", "", errors.New("index repomd.xml: no primary")
}
