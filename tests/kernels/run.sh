#!/bin/sh
# Runs the matrix with the arguments of a Bazel target. The whole matrix is a program to run; parts of it are tests.
#
# usage: run.sh PROGRAM ARGUMENT...
set -eu
exec "$@"
