// Package emulation tests the wrapper in an image of another architecture, as docker buildx --platform builds it: under qemu-user,
// which binfmt_misc starts.
package emulation
