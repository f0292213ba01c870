// Package scenarios tests the wrapper on real parts: the root file system of an image with its own iptables, installed
// into by the wrapper's own command line, against the real kernel, in network and mount namespaces of each test's own.
//
// The tests need root. They take from the environment, as Bazel sets it:
//
//	SCENARIOS_ROOTFS   the image's layers as tar files, lowest first, separated by colons; without it they are skipped
//	SCENARIOS_WRAPPER  the iptables-wrapper binary; without it it is built with the go command
package scenarios
