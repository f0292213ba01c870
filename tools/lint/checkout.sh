# shellcheck shell=sh
# checkout MODULE.bazel: changes to the directory of the checkout, which the test's symlink MODULE.bazel points to.
checkout() {
	cd "$(dirname "$(readlink -f "$1")")" || exit 1
}

# files FIND-EXPRESSION: lists files of the checkout, without those of Bazel and git.
files() {
	find . \( -name .git -o -path './bazel-*' \) -prune -o -type f \( "$@" \) -print
}
