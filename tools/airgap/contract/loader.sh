#!/bin/sh
# Stands where docker, podman or nerdctl would: keeps the archive that `load --input FILE` is given.
set -eu
[ "$1" = load ] && [ "$2" = --input ]
cat "$3" >"$LOADED"
