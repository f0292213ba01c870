# shellcheck shell=sh disable=SC2154 # names set by main.sh and by the steps before
# What locks name and this machine's mirror no longer has: a mirror drops a version on the day its successor comes, and a lock
# pins versions. The successors are then used, through a local lock beside the committed one (tools/lock/packages.bzl). Here it
# is found out whether anything was dropped, for which no program has to be built; tools/lock does the rest.

# locks NAME FIND-ARGUMENT...: the checkout's files of that name, beside its tables.
locks() (
	cd "$checkout" && find images tests/kernels -mindepth 3 -maxdepth 3 -name "$@" | sort
)

# locked: of every package of the checkout's locks the sha256, where it and the release file of its suite are, ARCHIVE:PATH, one a
# line. Debian's only: for other distributions there is no mirror to ask.
# shellcheck disable=SC2016,SC2046 # the variables are jq's; names of locks have no spaces
locked() (
	sandbox --chdir "$checkout" jq -r '.. | objects | select(has("sha256") and has("urls")) | .suite as $suite
		| .sha256 as $sha256 | .urls[0] | capture("/archive/(?<name>debian[-a-z]*)/[^/]+/(?<path>.*)")
		| "\($sha256) \(.name):\(.path) \(.name):dists/\($suite)/InRelease"' $(locks packages.lock.json)
)

# make_locks: nothing to do while Bazel has, in its repository cache, all that the locks name. Otherwise the mirror is asked
# whether it has moved, once in ten minutes, and what it still has when it did. A local lock is ignored by git, and so is soon
# cleaned away: then the mirror is asked as well.
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
	releases=$(look_at_mirror "$was" "$now") || releases=failed # nothing is concluded from that; if Bazel needs it, Bazel will say so
	echo "$releases $(locks packages.lock.local.json)" >"$seen"
}

# look_at_mirror WAS NOW: prints what tells the mirror's state from any other, and makes the local locks that it takes, or none.
look_at_mirror() {
	make_downloader
	# Signed anew whenever a suite changes.
	releases=$(cut -d ' ' -f 3 "$cache/wanted" | ask)
	[ -n "$releases" ] || return 1
	releases=$(key "$releases")
	echo "$releases"
	[ "$1" != "$releases $2" ] || return 0
	# What follows # in an address is not sent. 37: no such file, of file:
	sed -E 's/^([^ ]*) ([^ ]*).*/\2#\1/' "$cache/wanted" | ask --head --write-out '%{http_code} %{exitcode} %{url}\n' |
		sed -nE 's/^(404 0|410 0|000 37) .*#//p' >"$cache/lost"
	if [ -s "$cache/lost" ]; then
		make_local_locks
	else
		locks packages.lock.local.json -delete
	fi
}

# ask ARGUMENT...: curl for each ARCHIVE:PATH in its standard input. A mirror that does not answer may have it all the same.
ask() (
	sort -u | sed "s|^debian:|url = $mirror/|; s|^debian-security:|url = $security/|" |
		sandbox curl --silent --no-progress-meter --location --parallel --parallel-max 8 --retry 2 --connect-timeout 10 --max-time 60 "$@" --config - || true
)

# make_local_locks: fails if there is one of which nothing could be had; that is tried again.
# shellcheck disable=SC2046 # names of locks have no spaces
make_local_locks() {
	status=0
	(run_bazel run --noshow_progress --norun_validations //tools/lock -- -local "$cache/lost" -mirror "$mirror" \
		-mirror "debian-security=$security" $(locks packages.lock.json)) </dev/null >"$cache/lock.said" 2>"$cache/lock.log" || status=$?
	[ -s "$cache/lock.said" ] || echo "what came after packages that left the mirror is not known: $(explain "$cache/lock.log")" >"$cache/lock.said"
	while read -r line; do
		say "$line (log: $cache/lock.log)"
	done <"$cache/lock.said"
	return "$status"
}
