# shellcheck shell=sh disable=SC2154 # names set by main.sh and by the steps before
# Packages in locks that this machine's mirror no longer has: a mirror drops a version when its successor appears, but
# a lock pins versions. A build then uses the successors, through a local lock beside the committed one
# (tools/lock/packages.bzl). The functions here detect whether packages were dropped, without building a program.
# tools/lock does the rest.

# locks NAME FIND-ARGUMENT...: prints the checkout's files of that name beside its tables.
locks() (
	cd "$checkout" && find images tests/kernels -mindepth 3 -maxdepth 3 -name "$@" | sort
)

# locked: prints one line for every package in the checkout's locks: its sha256, and the paths of the package and of
# its suite's release file as ARCHIVE:PATH. Only for Debian: this machine has no mirror of other distributions.
# shellcheck disable=SC2016,SC2046 # the variables are jq's; names of locks have no spaces
locked() (
	sandbox --chdir "$checkout" jq -r '.. | objects | select(has("sha256") and has("urls")) | .suite as $suite
		| .sha256 as $sha256 | .urls[0] | capture("/archive/(?<name>debian[-a-z]*)/[^/]+/(?<path>.*)")
		| "\($sha256) \(.name):\(.path) \(.name):dists/\($suite)/InRelease"' $(locks packages.lock.json)
)

# make_locks: does nothing if Bazel's repository cache contains everything that the locks name. Otherwise it checks,
# once in ten minutes, whether the mirror has changed, and then which packages it still has. git ignores local locks,
# so a clean-up may remove them: then make_locks checks the mirror, too.
make_locks() {
	locked >"$cache/locked"
	while read -r sha256 rest; do
		[ -e "$cache/repositories/content_addressable/sha256/$sha256/file" ] || echo "$sha256 $rest"
	done <"$cache/locked" >"$cache/wanted"
	if [ ! -s "$cache/wanted" ]; then
		locks packages.lock.local.json -delete
		return
	fi
	seen=$cache/config/$(key "$checkout" "$(cat "$cache/locked")").seen
	was=$(cat "$seen" 2>/dev/null) || was=
	now=$(locks packages.lock.local.json)
	[ -z "$(find "$seen" -mmin -10 2>/dev/null)" ] || [ "${was#* }" != "$now" ] || return 0
	releases=$(look_at_mirror "$was" "$now") || releases=failed # no conclusion; if Bazel needs the mirror, it prints the error
	echo "$releases $(locks packages.lock.local.json)" >"$seen"
}

# look_at_mirror WAS NOW: prints a text that identifies the mirror's state, and makes the local locks for it, if it
# needs any.
look_at_mirror() {
	make_downloader
	# The release file changes with every change of a suite.
	releases=$(cut -d ' ' -f 3 "$cache/wanted" | ask)
	[ -n "$releases" ] || return 1
	releases=$(key "$releases")
	echo "$releases"
	[ "$1" != "$releases $2" ] || return 0
	# The part of an address after # is not sent. 37: no such file, for file:
	sed -E 's/^([^ ]*) ([^ ]*).*/\2#\1/' "$cache/wanted" | ask --head --write-out '%{http_code} %{exitcode} %{url}\n' |
		sed -nE 's/^(404 0|410 0|000 37) .*#//p' >"$cache/lost"
	if [ -s "$cache/lost" ]; then
		make_local_locks
	else
		locks packages.lock.local.json -delete
	fi
}

# ask ARGUMENT...: runs curl for each ARCHIVE:PATH in its standard input. A mirror that does not answer may still have
# the file.
ask() (
	sort -u | sed "s|^debian:|url = $mirror/|; s|^debian-security:|url = $security/|" |
		sandbox curl --silent --no-progress-meter --location --parallel --parallel-max 8 --retry 2 --connect-timeout 10 --max-time 60 "$@" --config - || true
)

# make_local_locks: fails if none of a lock's packages is available. The next run tries again.
# shellcheck disable=SC2046 # names of locks have no spaces
make_local_locks() {
	status=0
	(run_bazel run --noshow_progress --norun_validations //tools/lock -- -local "$cache/lost" -mirror "$mirror" \
		-mirror "debian-security=$security" $(locks packages.lock.json)) </dev/null >"$cache/lock.said" 2>"$cache/lock.log" || status=$?
	[ -s "$cache/lock.said" ] || echo "the successors of packages that left the mirror are unknown: $(explain "$cache/lock.log")" >"$cache/lock.said"
	while read -r line; do
		say "$line (log: $cache/lock.log)"
	done <"$cache/lock.said"
	return "$status"
}
