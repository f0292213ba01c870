"""Tests of images: the public API of container_structure_test, without a Docker daemon."""

load("//bazel:container_structure_test.bzl", _container_structure_test = "container_structure_test")

container_structure_test = _container_structure_test
