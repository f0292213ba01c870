"""The Go release of everything that other modules build into their images."""

# The release that MODULE.bazel downloads. A module that uses this one can have an older Go for its own programs. The
# wrapper is still built with the release that it was tested with.
GO_VERSION = "1.26.8"
