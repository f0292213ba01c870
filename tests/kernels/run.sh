#!/bin/sh
# The matrix with the arguments of a target: all of it as a program to run, parts of it as tests.
#
# usage: run.sh PROGRAM ARGUMENT...
set -eu
exec "$@"
