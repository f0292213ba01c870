# shellcheck shell=sh disable=SC2154 # names set by main.sh and by the steps before
# ./bazelw doctor: prints one line for each thing that this machine has or lacks, its purpose, and how to get it. It
# runs the checks of the set-up with the same functions, and changes nothing. The exit status is 0 if everything that
# ./bazelw run //:demo needs is available. Until the machine is known to be Linux, only features of every POSIX system
# are used.

lacking=0

# line STATE TEXT: states are ok; MISSING, which the demo needs; later, which bazelw gets by itself; unsure; and tests,
# which only tests need.
line() {
	printf '%-8s %s\n' "$1" "$2"
}

missing_here() {
	lacking=$((lacking + 1))
	line MISSING "$1"
}

# how_to_get PACKAGE: prints the command of this machine's package manager. The distributions use the same names for
# these packages.
how_to_get() {
	if command -v apt-get >/dev/null; then
		echo "apt-get install $1"
	elif command -v dnf >/dev/null; then
		echo "dnf install $1"
	elif command -v apk >/dev/null; then
		echo "apk add $1"
	elif command -v zypper >/dev/null; then
		echo "zypper install $1"
	else
		echo "install the package $1"
	fi
}

for part in machine network tests; do
	# shellcheck source=/dev/null
	. "$here/doctor/$part.sh"
done

if [ -n "$connected" ]; then
	line way "connected: $why"
else
	line way "air-gapped: $why"
fi
look_at_machine
if [ "$(uname -s)" != Linux ]; then
	:
elif [ -n "$connected" ]; then
	if command -v bash >/dev/null; then
		line ok "bash, which Bazel runs commands with"
	else
		missing_here "bash: Bazel runs commands with it; $(how_to_get bash)"
	fi
	enough_disk "${XDG_CACHE_HOME:-${HOME:-/root}/.cache}" "Bazel's own directory is there"
else
	look_at_airgap
fi
look_at_tests
if [ "$lacking" != 0 ]; then
	line result "$lacking MISSING: ./bazelw run //:demo cannot run before they are here"
	exit 1
fi
line result "nothing is missing: ./bazelw run //:demo"
exit 0
