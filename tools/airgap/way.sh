# shellcheck shell=sh disable=SC2034 # names for main.sh and the doctor
# Which of the two ways Bazel is had by, and why.

# choose_way WAY: sets connected to the Bazel of the connected way, or to nothing for the air-gapped one, and why to the reason.
choose_way() {
	# bazelisk first: it takes the release that .bazelversion names, where a plain bazel is whatever is installed.
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
	*) die "AIRGAP=$1: must be 0, 1 or empty; ./bazelw --help says what they mean" ;;
	esac
}

get_bazelisk="install bazelisk (https://github.com/bazelbuild/bazelisk)"

# registry_answers: whether the connected way would work; asked only where there is a Bazel to work with.
registry_answers() {
	index=https://bcr.bazel.build/bazel_registry.json
	if command -v curl >/dev/null; then
		curl -fsS --connect-timeout 3 --max-time 6 -o /dev/null "$index" 2>/dev/null
	elif command -v wget >/dev/null; then
		wget -q --tries=1 --timeout=6 -O /dev/null "$index"
	else
		say "neither curl nor wget to ask $index with; taking Bazel from PATH (AIRGAP=1 for the other way)"
	fi
}

# need_linux REASON: before anything of the air-gapped way, whose steps use GNU's programs.
need_linux() {
	[ "$(uname -s)" = Linux ] || die "the air-gapped way ($1) needs Linux, and this is $(uname -s); $get_bazelisk, or use a Linux machine"
}
