package index

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/sassoftware/go-rpmutils"

	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/closure"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/rpm"
)

// Fedora is one repository of .rpm packages.
//
// Fedora signs its packages and not its index. So an index signature (repomd.xml.asc) is checked where there is one,
// and every selected package's own signature always. Without an index signature a mirror could still offer an older
// index of genuine packages.
type Fedora struct {
	Fetch   Fetcher
	Mirror  string   // address that is asked
	Origins []string // the distribution's own addresses, which go into the lock, the first of them Mirror's equal
	Path    string   // of the repository below each
	Keys    openpgp.EntityList
}

// Packages returns every package of an architecture.
func (f Fedora) Packages(ctx context.Context, architecture string) ([]*closure.Package, error) {
	base := f.Mirror + "/" + f.Path
	listed, err := f.Fetch(ctx, base+"/repodata/repomd.xml")
	if err != nil {
		return nil, err
	}
	signature, err := f.Fetch(ctx, base+"/repodata/repomd.xml.asc")
	switch {
	case errors.Is(err, errNotFound):
	case err != nil:
		return nil, err
	default:
		if err := verifyRepomd(listed, signature, f.Keys); err != nil {
			return nil, fmt.Errorf("index %s: repomd.xml.asc: %w", f.Path, err)
		}
	}
	place, sum, err := ParseRepomd(listed)
	if err != nil {
		return nil, err
	}
	data, err := f.Fetch(ctx, base+"/"+place)
	if err != nil {
		return nil, err
	}
	if err := checkSum(place, data, sum); err != nil {
		return nil, err
	}
	text, err := unpack(data)
	if err != nil {
		return nil, fmt.Errorf("index %s: %w", place, err)
	}
	bases := make([]string, len(f.Origins))
	for i, origin := range f.Origins {
		bases[i] = origin + "/" + f.Path
	}
	packages, err := ParsePrimary(text, architecture, bases)
	for _, p := range packages {
		p.File.Suite = f.Path
	}
	return packages, err
}

// Complete fetches a package and checks its sum, its size and its signature.
func (f Fedora) Complete(ctx context.Context, p *closure.Package) error {
	data, err := f.Fetch(ctx, f.Mirror+strings.TrimPrefix(p.File.URLs[0], f.Origins[0]))
	if err != nil {
		return fmt.Errorf("package %s %s: %w", p.Name, p.Version, err)
	}
	if err := checkSum("primary: package "+p.Name, data, p.File.SHA256); err != nil {
		return err
	}
	header, err := verifyRPM(data, f.Keys)
	if err == nil {
		err = checkNEVRA(header, p)
	}
	if err != nil {
		return fmt.Errorf("package %s %s: %w", p.Name, p.Version, err)
	}
	return complete(p, data)
}

// checkNEVRA compares what a package's signed header states with the index's entry, which a mirror can change.
func checkNEVRA(header *rpmutils.RpmHeader, p *closure.Package) error {
	nevra, err := header.GetNEVRA()
	if err != nil {
		return fmt.Errorf("header: %w", err)
	}
	version := rpmVersion{Epoch: nevra.Epoch, Ver: nevra.Version, Rel: nevra.Release}.String()
	if nevra.Name != p.Name || version != p.Version || nevra.Arch != p.Architecture {
		return fmt.Errorf("the signed package is %q %q for %q, the index says %q %q for %q: use another mirror",
			nevra.Name, version, nevra.Arch, p.Name, p.Version, p.Architecture)
	}
	// The header of a source package has the architecture of the machine that made it.
	if !header.HasTag(rpmutils.SOURCERPM) {
		return errors.New("a source package: use another mirror")
	}
	return nil
}

func verifyRepomd(listed, armored []byte, keys openpgp.EntityList) error {
	block, err := armor.Decode(bytes.NewReader(armored))
	if err != nil {
		return err
	}
	signature, _, err := openpgp.VerifyDetachedSignature(keys, bytes.NewReader(listed), block.Body, nil)
	if err != nil {
		return err
	}
	return checkHash(signature.Hash)
}

// VerifyRPM wants a good signature by one of keys that covers the whole package: either directly, or over the header
// that has the payload's digest, as rpm has written since 4.14.
func VerifyRPM(data []byte, keys openpgp.EntityList) error {
	_, err := verifyRPM(data, keys)
	return err
}

// verifyRPM is VerifyRPM, and returns the header that the signature covers.
func verifyRPM(data []byte, keys openpgp.EntityList) (*rpmutils.RpmHeader, error) {
	if len(keys) == 0 {
		return nil, errors.New("signature: no keys to verify it with") // go-rpmutils would verify nothing
	}
	if _, err := rpm.CheckHeaders(data); err != nil {
		return nil, err
	}
	header, signatures, err := rpmutils.Verify(bytes.NewReader(data), keys)
	if err != nil {
		return nil, fmt.Errorf("signature: %w", err)
	}
	for _, signature := range signatures {
		if signature.HeaderOnly && !header.HasTag(rpmutils.PAYLOADDIGEST) {
			continue
		}
		if err := checkHash(signature.Hash); err != nil {
			return nil, err
		}
		return header, nil
	}
	return nil, errors.New("not signed")
}
