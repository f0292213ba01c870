package index

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"

	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/deb"
)

// maxSkew is the accepted delay of this machine's clock behind that of the archive.
const maxSkew = 10 * time.Minute

// errExpired is the error for an index past its Valid-Until.
var errExpired = errors.New("expired")

// Release is a suite's InRelease, after its signature was verified.
type Release struct {
	Fields map[string]string
	Date   time.Time
	Key    string // fingerprint of the key that signed it
}

// VerifyInRelease returns the fields of an InRelease, if one of keys signed it.
func VerifyInRelease(data []byte, keys openpgp.EntityList) (*Release, error) {
	block, _ := clearsign.Decode(data)
	if block == nil {
		return nil, errors.New("not signed")
	}
	signature, signer, err := openpgp.VerifyDetachedSignature(keys, bytes.NewReader(block.Bytes), block.ArmoredSignature.Body, nil)
	if err != nil {
		return nil, err
	}
	if err := checkHash(signature.Hash); err != nil {
		return nil, err
	}
	fields, err := deb.Paragraph(block.Plaintext)
	if err != nil {
		return nil, err
	}
	date, err := time.Parse(time.RFC1123, fields["Date"])
	if err != nil {
		return nil, fmt.Errorf("Date: %w", err)
	}
	return &Release{fields, date, fingerprint(signer)}, nil
}

// checkDates compares Date and Valid-Until with the clock, as apt does. Suites that rarely change have no Valid-Until.
func (r *Release) checkDates(now time.Time) error {
	if r.Date.After(now.Add(maxSkew)) {
		return fmt.Errorf("Date %s is in the future: correct the clock, or use another mirror", r.Fields["Date"])
	}
	until, limited := r.Fields["Valid-Until"]
	if !limited {
		return nil
	}
	end, err := time.Parse(time.RFC1123, until)
	if err != nil {
		return fmt.Errorf("Valid-Until: %w", err)
	}
	if now.After(end) {
		return fmt.Errorf("%w, Valid-Until %s: the mirror lags behind the distribution; use another with -mirror", errExpired, until)
	}
	return nil
}
