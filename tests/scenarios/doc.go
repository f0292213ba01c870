// Package scenarios tests the wrapper with real parts: the root file system of an image with its own iptables, where
// the wrapper's own command line has installed it, and the real kernel. Each test has separate network and mount
// namespaces.
//
// The tests need root. They use these environment variables, which Bazel sets:
//
//	SCENARIOS_ROOTFS   the image's layers as tar files, lowest first, separated by colons; without it the tests are skipped
//	SCENARIOS_WRAPPER  the iptables-wrapper binary; without it the go command builds one
package scenarios
