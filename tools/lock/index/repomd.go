package index

import (
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/lockfile"
)

// maxSeconds is the year 10000, which RFC 3339 cannot express.
const maxSeconds = 253402300800

// repomd is repomd.xml. It contains the names and sums of a repository's other files.
type repomd struct {
	Revision string `xml:"revision"`
	Data     []struct {
		Type     string   `xml:"type,attr"`
		Checksum checksum `xml:"checksum"`
		Location location `xml:"location"`
	} `xml:"data"`
}

type checksum struct {
	Type string `xml:"type,attr"`
	Hex  string `xml:",chardata"`
}

// sha256 returns the sum if it is a SHA-256.
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

// path returns the path relative to the repository's address.
func (l location) path() (string, error) {
	if l.Base != "" {
		return "", fmt.Errorf("location %q: in another repository, %q", l.Href, l.Base)
	}
	if err := lockfile.CheckPath(l.Href); err != nil {
		return "", fmt.Errorf("location: %w", err)
	}
	return l.Href, nil
}

// ParseRepomd returns the path and the sha256 of "primary", the file that lists the packages. date is the revision: seconds
// since 1970, unless createrepo_c ran with another text. Then date is empty.
func ParseRepomd(text []byte) (place, sum, date string, err error) {
	var listed repomd
	if err := xml.Unmarshal(text, &listed); err != nil {
		return "", "", "", fmt.Errorf("index repomd.xml: %w", err)
	}
	if seconds, err := strconv.ParseInt(listed.Revision, 10, 64); err == nil && seconds > 0 && seconds < maxSeconds {
		date = time.Unix(seconds, 0).UTC().Format(time.RFC3339)
	}
	for _, data := range listed.Data {
		if data.Type != "primary" {
			continue
		}
		if place, err = data.Location.path(); err != nil {
			return "", "", "", fmt.Errorf("index repomd.xml: %w", err)
		}
		if sum, err = data.Checksum.sha256(); err != nil {
			return "", "", "", fmt.Errorf("index repomd.xml: %w", err)
		}
		return place, sum, date, nil
	}
	return "", "", "", errors.New("index repomd.xml: no primary")
}
