# shellcheck shell=sh disable=SC2034,SC2154 # names for main.sh and the doctor, and of main.sh
# Chooses one of the two ways to get Bazel, and the reason to print.

# choose_way WAY: sets connected to the Bazel of the connected way, or to "" for the air-gapped one, and why to the
# reason.
choose_way() {
	# bazelisk first: it runs the release that .bazelversion names, but a plain bazel is the installed one.
	connected=$(command -v bazelisk || command -v bazel || true)
	case $1 in
	0)
		why="AIRGAP=0 or --no-airgap says so"
		[ -n "$connected" ] || die "AIRGAP=0: neither bazelisk nor bazel is in PATH; $get_bazelisk, or drop AIRGAP=0"
		;;
	1) connected='' why="AIRGAP=1 or --airgap says so" ;;
	'')
		if [ -z "$connected" ]; then
			why="neither bazelisk nor bazel is in PATH"
		elif registry_answers; then
			why="$connected is in PATH and the Bazel Central Registry answers"
		else
			why="$connected is in PATH, but the Bazel Central Registry does not answer"
			connected=''
		fi
		;;
	*) die "AIRGAP=$1: must be 0, 1 or empty; ./bazelw --help explains them" ;;
	esac
}

# expect_bazel: makes bazelisk compare the Bazel that it downloads with bazel.sum. A workspace inside the checkout and
# the user's own USE_BAZEL_VERSION select another release, whose sum is not in bazel.sum.
expect_bazel() {
	[ -z "${USE_BAZEL_VERSION:-}${BAZELISK_VERIFY_SHA256:-}" ] || return 0
	workspace=$(pwd -P)
	while [ ! -e "$workspace/MODULE.bazel" ] && [ "$workspace" != / ]; do workspace=$(dirname "$workspace"); done
	[ "$workspace" = "$checkout" ] || return 0
	case $(uname -s)-$(uname -m) in
	Darwin-arm64) platform=darwin-arm64 ;;
	Darwin-x86_64) platform=darwin-x86_64 ;;
	Linux-aarch64) platform=linux-arm64 ;;
	Linux-x86_64) platform=linux-x86_64 ;;
	*) return 0 ;;
	esac
	file=bazel-$(cat "$checkout/.bazelversion")-$platform
	BAZELISK_VERIFY_SHA256=$(sed -n "s/  $file\$//p" "$here/bazel.sum")
	[ -n "$BAZELISK_VERIFY_SHA256" ] || die "$file: no sum in tools/airgap/bazel.sum; add the one of the release's page"
	export BAZELISK_VERIFY_SHA256
}

get_bazelisk="install bazelisk (https://github.com/bazelbuild/bazelisk)"

# registry_answers: checks whether the connected way would work. It is called only if there is a Bazel.
registry_answers() {
	index=https://bcr.bazel.build/bazel_registry.json
	if command -v curl >/dev/null; then
		curl -fsS --connect-timeout 3 --max-time 6 -o /dev/null "$index" 2>/dev/null
	elif command -v wget >/dev/null; then
		wget -q --tries=1 --timeout=6 -O /dev/null "$index"
	else
		say "neither curl nor wget is available to check $index; using the Bazel in PATH (AIRGAP=1 selects the air-gapped way)"
	fi
}

# need_linux REASON: is called before the air-gapped way, whose steps use GNU programs.
need_linux() {
	[ "$(uname -s)" = Linux ] || die "the air-gapped way ($1) needs Linux, and this is $(uname -s); $get_bazelisk, or use a Linux machine"
}
