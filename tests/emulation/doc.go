// Package emulation tests the wrapper in an image for another architecture, as `docker buildx --platform` builds it.
// binfmt_misc starts the binaries under qemu-user.
package emulation
