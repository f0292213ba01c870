# shellcheck shell=sh disable=SC2154 # names set by main.sh and by the steps before
# ./bazelw doctor: one line for each thing that this machine has or lacks, what it is for, and how to get it. It asks the
# questions that the set-up asks, by the same functions, and changes nothing. Exit status: 0 if all is here that
# ./bazelw run //:demo needs. Until the machine is known to be Linux, only what every POSIX system has is used.

lacking=0

# line STATE TEXT: states are ok; MISSING, without which there is no demo; later, which bazelw gets by itself; unsure;
# tests, which only they want.
line() {
	printf '%-8s %s\n' "$1" "$2"
}

missing_here() {
	lacking=$((lacking + 1))
	line MISSING "$1"
}

# how_to_get PACKAGE: in the words of this machine's package manager. Distributions agree on the names of those asked for here.
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
	enough_disk "${XDG_CACHE_HOME:-${HOME:-/root}/.cache}" "Bazel's own folder is there"
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
