"""What other Bazel modules may load. Everything else in this module is private.

The wrapper is one static program. Over a base image that has both modes of iptables, `iptables_wrapper_layer` is the
layer that installs it, and `iptables_wrapper_structure_test` tests the image that comes of it. Ready images, built from
distribution packages, are the targets that the README's table of images lists.
"""

# buildifier: disable=bzl-visibility
load("//images/private:wrapper_layer.bzl", _iptables_wrapper_layer = "iptables_wrapper_layer")

# buildifier: disable=bzl-visibility
load("//images/private:wrapper_structure_test.bzl", _iptables_wrapper_structure_test = "iptables_wrapper_structure_test")

iptables_wrapper_layer = _iptables_wrapper_layer
iptables_wrapper_structure_test = _iptables_wrapper_structure_test
