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
	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/lockfile"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/rpm"
)

// Fedora is one repository of .rpm packages.
//
// Fedora signs its packages, but not its index. So Complete checks the signature of every selected package. Packages checks the
// signature of the index (repomd.xml.asc) if there is one, and otherwise compares its sum with Fedora's metalink. Without both, a mirror
// could offer an older index of genuine packages, or one with other dependencies.
type Fedora struct {
	Fetch   Fetcher
	Mirror  string   // address from which files are fetched
	Origins []string // the distribution's own addresses, for the lock; the first one corresponds to Mirror
	Path    string   // of the repository below each
	Keys    openpgp.EntityList
	// IndexKeys sign the index, if the distribution signs it. Then an index without a signature is an error.
	IndexKeys openpgp.EntityList
	// Metalink is the address of Fedora's document with the sums of an index that is not signed, which FetchMetalink fetches over
	// TLS. If it is empty, the index is not compared, and Warn is called.
	Metalink      string
	FetchMetalink Fetcher
	Warn          func(warning string)
}

// Packages returns every package of an architecture, and the state of the index.
func (f Fedora) Packages(ctx context.Context, architecture string) ([]*closure.Package, lockfile.Index, error) {
	base := f.Mirror + "/" + f.Path
	state := lockfile.Index{Suite: f.Path, Signature: lockfile.SignedPackages}
	listed, err := f.Fetch(ctx, base+"/repodata/repomd.xml", maxRelease)
	if err != nil {
		return nil, state, err
	}
	signature, err := f.Fetch(ctx, base+"/repodata/repomd.xml.asc", maxRelease)
	switch {
	case errors.Is(err, errNotFound) && len(f.IndexKeys) == 0:
		if state.Signature, err = f.compareMetalink(ctx, listed); err != nil {
			return nil, state, err
		}
	case errors.Is(err, errNotFound):
		return nil, state, fmt.Errorf("index %s: not signed, and there are keys for it (%s): use another mirror: %w", f.Path, indexKeyFiles, err)
	case err != nil:
		return nil, state, err
	default:
		keys := f.IndexKeys
		if len(keys) == 0 {
			keys = f.Keys
		}
		if state.Key, err = verifyRepomd(listed, signature, keys); err != nil {
			return nil, state, fmt.Errorf("index %s: repomd.xml.asc: %w", f.Path, err)
		}
		state.Signature = lockfile.SignedIndex
	}
	var place, sum string
	if place, sum, state.Date, err = ParseRepomd(listed); err != nil {
		return nil, state, err
	}
	data, err := f.Fetch(ctx, base+"/"+place, maxIndex)
	if err != nil {
		return nil, state, err
	}
	if err := checkSum(place, data, sum); err != nil {
		return nil, state, err
	}
	text, err := unpack(data)
	if err != nil {
		return nil, state, fmt.Errorf("index %s: %w", place, err)
	}
	bases := make([]string, len(f.Origins))
	for i, origin := range f.Origins {
		bases[i] = origin + "/" + f.Path
	}
	packages, err := ParsePrimary(text, architecture, bases)
	for _, p := range packages {
		p.File.Suite = f.Path
	}
	return packages, state, err
}

// Complete fetches a package and checks its sum, its size and its signature.
func (f Fedora) Complete(ctx context.Context, p *closure.Package) error {
	data, err := fetchPackage(ctx, f.Fetch, f.Mirror+strings.TrimPrefix(p.File.URLs[0], f.Origins[0]), p)
	if err != nil {
		return err
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
	return nil
}

// checkNEVRA compares a package's signed header with the entry of the index, which a mirror can change.
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
	// The header of a source package contains the architecture of the build machine.
	if !header.HasTag(rpmutils.SOURCERPM) {
		return errors.New("a source package: use another mirror")
	}
	return nil
}

// verifyRepomd checks an index's signature, and returns the key's fingerprint.
func verifyRepomd(listed, armored []byte, keys openpgp.EntityList) (string, error) {
	block, err := armor.Decode(bytes.NewReader(armored))
	if err != nil {
		return "", err
	}
	signature, signer, err := openpgp.VerifyDetachedSignature(keys, bytes.NewReader(listed), block.Body, nil)
	if err != nil {
		return "", err
	}
	return fingerprint(signer), checkHash(signature.Hash)
}

// VerifyRPM requires a good signature by one of keys that covers the whole package. It covers the package either directly, or
// through a header with the payload's digest, as rpm has written since 4.14.
func VerifyRPM(data []byte, keys openpgp.EntityList) error {
	_, err := verifyRPM(data, keys)
	return err
}

// verifyRPM does the same as VerifyRPM, and returns the header that the signature covers.
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
