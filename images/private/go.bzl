"""The Go release of everything that other modules build into their images."""

# As MODULE.bazel downloads it. Another module may have another Go for its own programs, older than ours need; the wrapper
# is the tested one all the same.
GO_VERSION = "1.26.8"
