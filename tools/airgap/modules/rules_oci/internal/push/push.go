// Package push uploads a layout to a registry as rules_oci's oci_push does: first by digest, then one tag after the other.
package push

import (
	"context"
	"fmt"
	"io"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/iptables-wrappers/iptables-wrappers/tools/airgap/modules/rules_oci/internal/layout"
	"github.com/iptables-wrappers/iptables-wrappers/tools/airgap/modules/rules_oci/internal/registry"
)

// Options are the flags of an oci_push target.
type Options struct {
	Repository        string // registry/name, without tag or digest
	Tags              []string
	Insecure          bool // plain HTTP allowed
	NonDistributable  bool // upload non-distributable layers too
	Verbose, Progress io.Writer
}

// Push uploads the layout's single image or index and prints the reference of what was pushed to Progress.
// Credentials come from Docker's config file. It stops at the first failure.
func Push(ctx context.Context, image layout.Dir, options Options) error {
	var nameOptions []name.Option
	if options.Insecure {
		nameOptions = append(nameOptions, name.Insecure)
	}
	repository, err := name.NewRepository(options.Repository, nameOptions...)
	if err != nil {
		return fmt.Errorf("repository: %w", err)
	}
	root, err := image.Root()
	if err != nil {
		return err
	}
	remoteOptions := []remote.Option{remote.WithAuthFromKeychain(authn.DefaultKeychain), remote.WithContext(ctx)}
	if options.NonDistributable {
		remoteOptions = append(remoteOptions, remote.WithNondistributable)
	}
	reference := repository.Digest(root.Digest.String())
	fmt.Fprintf(options.Verbose, "pushing %s (%s)\n", reference, root.MediaType)
	pushed, err := upload(image, root, reference, remoteOptions)
	if err != nil {
		return fmt.Errorf("push %s: %w", reference, err)
	}
	fmt.Fprintln(options.Progress, reference)
	for _, text := range options.Tags {
		tag, err := name.NewTag(repository.Name()+":"+text, append(nameOptions, name.StrictValidation)...)
		if err != nil {
			return fmt.Errorf("tag: %w", err)
		}
		if err := remote.Tag(tag, pushed, remoteOptions...); err != nil {
			return fmt.Errorf("tag %s: %w", tag, err)
		}
		fmt.Fprintln(options.Progress, tag)
	}
	return nil
}

func upload(image layout.Dir, root v1.Descriptor, to name.Digest, options []remote.Option) (remote.Taggable, error) {
	if root.MediaType.IsIndex() {
		index := registry.Index(image, root)
		return index, remote.WriteIndex(to, index, options...)
	}
	single, err := registry.Image(image, root)
	if err != nil {
		return nil, err
	}
	return single, remote.Write(to, single, options...)
}
