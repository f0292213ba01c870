"""Tests of images: the real rule, in the version of go.mod."""

load("@real//:defs.bzl", _container_structure_test = "container_structure_test")

container_structure_test = _container_structure_test
