// Package source tests the ways to build from a checkout without Bazel: make, go install, and Dockerfiles that use
// them.
package source
