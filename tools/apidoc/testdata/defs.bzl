"""One line.

More, with a list:

- a
"""

load("//rules:grow.bzl", _grow = "grow", _shrink = "shrink_it")

grow = _grow
shrink = _shrink
