#!/bin/sh
# A part of the matrix as a test: everything but its time limit is the program's.
#
# usage: matrix_test.sh PROGRAM ARGUMENT...
set -eu
exec "$@"
