#!/bin/sh
# Formats every Bazel file of the checkout: bazel run //tools/lint:buildifier
set -eu
buildifier=$PWD/$1
cd "${BUILD_WORKSPACE_DIRECTORY:?run with bazel run}"
exec "$buildifier" -r -mode=fix -lint=fix -warnings=-unnamed-macro .
