"""The public API for other Bazel modules. All other files of this module are private.

The wrapper is one static binary. `iptables_wrapper_layer` makes an image layer that installs it over a base image with
both modes of iptables. `iptables_wrapper_structure_test` tests the resulting image. Complete images, built from
distribution packages, are the targets in the README's table of images.
"""

load("//tools/wrappercheck:wrapper_structure_test.bzl", _iptables_wrapper_structure_test = "iptables_wrapper_structure_test")
load("//tools/wrapperlayer:wrapper_layer.bzl", _iptables_wrapper_layer = "iptables_wrapper_layer")

iptables_wrapper_layer = _iptables_wrapper_layer
iptables_wrapper_structure_test = _iptables_wrapper_structure_test
