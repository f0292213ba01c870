// Package index reads a distribution's own package index after checking its signature: Debian's InRelease and Packages,
// Alpine's APKINDEX, Fedora's repomd and primary.
package index

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/iptables-wrappers/iptables-wrappers/tools/lock/closure"
	"github.com/iptables-wrappers/iptables-wrappers/tools/pkglayer/archive"
)

// Limits on what a mirror may send. The largest index is Fedora's primary, with about 20 MB, and 250 MB unpacked. InRelease is
// the largest file that is parsed before a sum or a signature is compared. It has about 200 KB.
const (
	maxRelease  = 4 << 20
	maxIndex    = 128 << 20
	maxUnpacked = 512 << 20
	timeout     = 5 * time.Minute
	// Alpine's streams of signatures and of control files, unpacked. A signature has 256 to 512 bytes, a package's script some
	// thousand.
	maxControl = 8 << 20
)

// errNotFound is the error of a Fetcher if the repository does not have the file.
var errNotFound = errors.New("not found")

// Fetcher fetches one file of a repository, which must not be larger than limit.
type Fetcher func(ctx context.Context, address string, limit int64) ([]byte, error)

// HTTP returns a Fetcher that uses client.
func HTTP(client *http.Client) Fetcher {
	return func(ctx context.Context, address string, limit int64) ([]byte, error) {
		ctx, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return nil, err
		}
		response, err := client.Do(request)
		if err != nil {
			return nil, fmt.Errorf("index: %w; use another mirror with -mirror", err)
		}
		defer response.Body.Close()
		if err := statusError(address, response); err != nil {
			return nil, err
		}
		data, err := readBounded(response.Body, limit)
		if err != nil {
			return nil, fmt.Errorf("index: %s: %w", address, err)
		}
		return data, nil
	}
}

// HTTPS returns a Fetcher that refuses addresses without TLS, also after redirects.
func HTTPS(client *http.Client) Fetcher {
	secure := *client
	secure.CheckRedirect = func(request *http.Request, via []*http.Request) error {
		if request.URL.Scheme != "https" || len(via) >= 10 {
			return fmt.Errorf("redirect to %s: refused: not over TLS, or one of too many", request.URL)
		}
		return nil
	}
	fetch := HTTP(&secure)
	return func(ctx context.Context, address string, limit int64) ([]byte, error) {
		if !strings.HasPrefix(address, "https://") {
			return nil, fmt.Errorf("index: %s: not an https address", address)
		}
		return fetch(ctx, address, limit)
	}
}

// Head returns a function that checks whether a repository has a file. Its errors are those of a Fetcher.
func Head(client *http.Client) func(ctx context.Context, address string) error {
	return func(ctx context.Context, address string) error {
		ctx, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		request, err := http.NewRequestWithContext(ctx, http.MethodHead, address, nil)
		if err != nil {
			return err
		}
		response, err := client.Do(request)
		if err != nil {
			return fmt.Errorf("index: %w; use another mirror with -mirror", err)
		}
		response.Body.Close()
		return statusError(address, response)
	}
}

func statusError(address string, response *http.Response) error {
	switch response.StatusCode {
	case http.StatusOK:
		return nil
	case http.StatusNotFound, http.StatusGone:
		return fmt.Errorf("index: %s: %w", address, errNotFound)
	default:
		return fmt.Errorf("index: %s: %s", address, response.Status)
	}
}

func readBounded(r io.Reader, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("more than %d bytes", limit)
	}
	return data, nil
}

func unpack(data []byte) ([]byte, error) {
	stream, err := archive.Decompress(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	return readBounded(stream, maxUnpacked)
}

// checkSum compares data with a sum from a file that was checked itself.
func checkSum(name string, data []byte, want string) error {
	sum := sha256.Sum256(data)
	if got := hex.EncodeToString(sum[:]); got != want {
		return fmt.Errorf("index %s: sha256 %s, the index says %s", name, got, want)
	}
	return nil
}

// fetchPackage fetches a package's file and compares its size with the index.
func fetchPackage(ctx context.Context, fetch Fetcher, address string, p *closure.Package) ([]byte, error) {
	data, err := fetch(ctx, address, p.File.Size)
	if err == nil && int64(len(data)) != p.File.Size {
		err = fmt.Errorf("%d bytes, the index says %d", len(data), p.File.Size)
	}
	if err != nil {
		return nil, fmt.Errorf("package %s %s: %w", p.Name, p.Version, err)
	}
	return data, nil
}
