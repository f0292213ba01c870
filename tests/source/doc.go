// Package source tests what people build from a checkout without Bazel: make, go install, and Dockerfiles that do so.
package source
