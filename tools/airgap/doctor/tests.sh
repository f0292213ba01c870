# shellcheck shell=sh disable=SC2154 # names set by main.sh and by the steps before
# The additional requirements of tests. The lists are in tests/needs/machine.bzl, which Bazel reads, too.

look_at_tests() {
	list=$checkout/tests/needs/machine.bzl
	[ -r "$list" ] || { line unsure "what tests need: $list cannot be read" && return; }
	where=''
	# The directories in which tests find programs, from .bazelrc. The air-gapped way provides them.
	dirs=$(sed -n 's/^build --test_env=PATH=//p' "$checkout/.bazelrc" 2>/dev/null | tr : ' ')
	if [ -z "$connected" ] && [ -n "${debian:-}" ]; then
		find_debian test
		where=$debian
		[ -d "$where" ] || line later "programs that tests run: bazelw unpacks them when a command first names a test"
	fi
	sed -n '/^_PROGRAMS = {/,/^}/s/^    "\([^"]*\)": "\([^"]*\)",$/\1 \2/p' "$list" | while read -r name package; do
		if [ -n "$where" ] && [ ! -d "$where" ]; then
			[ -z "$package" ] || continue
		elif found_in "$where" "$name" || found_in "$where" "${name%-static}"; then # as in machine.bzl
			continue
		fi
		line tests "$name: $(who_needs "$name"); $(debian_has "$package")"
	done
}

# found_in ROOT PROGRAM
found_in() {
	for dir in $dirs; do
		[ ! -e "$1$dir/$2" ] && [ ! -L "$1$dir/$2" ] || return 0
	done
	return 1
}

# who_needs PROGRAM: prints the directories of the tests that name it.
who_needs() {
	users=$(cd "$checkout" && find . -path ./.git -prune -o -name BUILD.bazel -exec grep -l "@machine//:$1\"" {} + 2>/dev/null |
		sed 's:^\./::; s:/BUILD.bazel$::' | sort | tr '\n' ' ')
	echo "not here; SKIPPED without it: tests in ${users:-no directory}" | sed 's/ *$//'
}

debian_has() {
	[ -n "$1" ] && echo "Debian's package $1" || echo "no package of Debian's has it"
}
