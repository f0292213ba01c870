package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// The owner and the name of the repository.
const (
	owner   = "iptables-wrappers"
	project = "iptables-wrappers"
)

// checkout is the commit that is released.
type checkout struct {
	dir    string
	commit string
	when   time.Time // of the commit: the only date in a release
}

// openCheckout reads the commit of a checkout. A release that is published must be a tag with the version's name, without
// uncommitted changes.
func openCheckout(ctx context.Context, dir, version string, published bool) (*checkout, error) {
	if dir == "" {
		return nil, errors.New("--source: missing: name the checkout, or start this with bazel run")
	}
	c := &checkout{dir: dir}
	head, err := c.git(ctx, "log", "-1", "--format=%H %ct")
	if err != nil {
		return nil, err
	}
	commit, seconds, _ := strings.Cut(strings.TrimSpace(string(head)), " ")
	unix, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("%s: git log: %w", dir, err)
	}
	c.commit, c.when = commit, time.Unix(unix, 0).UTC()
	if !published {
		return c, nil
	}
	changes, err := c.git(ctx, "status", "--porcelain")
	if err != nil {
		return nil, err
	}
	if len(changes) > 0 {
		return nil, fmt.Errorf("%s: has changes that are in no commit: a release is of a commit: git status shows them", dir)
	}
	tagged, err := c.git(ctx, "rev-parse", "--verify", "--quiet", "refs/tags/"+version+"^{commit}")
	if err != nil || strings.TrimSpace(string(tagged)) != commit {
		return nil, fmt.Errorf("%s: %s is not tagged %s: a release is of a tag: git tag %s", dir, commit, version, version)
	}
	return c, nil
}

func (c *checkout) git(ctx context.Context, args ...string) ([]byte, error) {
	// A checkout of another user, as in a container, is accepted, because nothing in it is executed.
	command := exec.CommandContext(ctx, "git", append([]string{"-c", "safe.directory=*", "-c", "core.fsmonitor=false", "-C", c.dir}, args...)...)
	var complaint strings.Builder
	command.Stderr = &complaint
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("git %s: %w: %s", args[0], err, strings.TrimSpace(complaint.String()))
	}
	return out, nil
}

// sourceName and sourcePrefix are as in .bcr/source.template.json.
func (r *release) sourceName() string   { return project + "-" + r.Version + ".tar.gz" }
func (r *release) sourcePrefix() string { return project + "-" + r.moduleVersion() }

// addSource adds the source archive, with the same bytes from every clone of the commit. git's compression depends on its
// build, but Go's is linked into this program.
func (r *release) addSource(ctx context.Context) error {
	tar, err := r.source.git(ctx, "archive", "--format=tar", "--prefix="+r.sourcePrefix()+"/", r.source.commit)
	if err != nil {
		return err
	}
	var packed bytes.Buffer
	compressor, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := compressor.Write(tar); err != nil {
		return err
	}
	if err := compressor.Close(); err != nil {
		return err
	}
	return r.asset(r.sourceName(), packed.Bytes(), 0o644)
}
