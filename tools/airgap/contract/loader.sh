#!/bin/sh
# Replaces docker, podman or nerdctl in a test: stores the archive that it receives as `load --input FILE`.
set -eu
[ "$1" = load ] && [ "$2" = --input ]
cat "$3" >"$LOADED"
