# shellcheck shell=sh
# checkout MODULE.bazel: goes to the checkout that the test's copy of it links to.
checkout() {
	cd "$(dirname "$(readlink -f "$1")")" || exit 1
}

# files FIND-EXPRESSION: of the checkout, without what Bazel and git keep there.
files() {
	find . \( -name .git -o -path './bazel-*' \) -prune -o -type f \( "$@" \) -print
}
