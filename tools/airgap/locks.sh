# shellcheck shell=sh disable=SC2154 # names set by main.sh and by the steps before
# What locks name and this machine's mirror no longer has: a mirror drops a version on the day its successor comes, and a lock
# pins versions. The successors are then used, through a local lock beside the committed one (tools/lock/packages.bzl).

# locked: of every package of the checkout's locks the sha256, archive, path in it, suite, folder of the table, distribution,
# release, name and version, one a line. Debian's only: for other distributions there is no mirror to ask.
# shellcheck disable=SC2016 # the variables are jq's
locked() (
	cd "$checkout" || exit
	set --
	for lock in images/*/*/packages.lock.json tests/kernels/*/*/packages.lock.json; do
		[ ! -e "$lock" ] || set -- "$@" "$lock"
	done
	sandbox --chdir "$checkout" jq -r '.distro as $distro | .release as $release
		| (input_filename | split("/")[:-3] | join("/")) as $folder
		| .. | objects | select(has("sha256") and has("urls"))
		| (.urls[0] | capture("/archive/(?<archive>debian[-a-z]*)/[^/]+/(?<path>.*)")) as $url
		| [.sha256, $url.archive, $url.path, .suite, $folder, $distro, $release, .name, .version]
		| join(" ")' "$@"
)

# make_locks: nothing to do while Bazel has, in its repository cache, all that the locks name.
make_locks() {
	locked >"$cache/locked"
	while read -r sha256 rest; do
		[ -e "$cache/repositories/content_addressable/sha256/$sha256/file" ] || echo "$sha256 $rest"
	done <"$cache/locked" >"$cache/wanted"
	if [ ! -s "$cache/wanted" ]; then
		rm -f "$checkout"/images/*/*/packages.lock.local.json "$checkout"/tests/kernels/*/*/packages.lock.local.json
		return
	fi
	# The mirror is asked whether it has moved once in ten minutes.
	locks=$(key "$checkout" "$(cat "$cache/locked")")
	fresh=$cache/config/$locks.asked
	[ -z "$(find "$fresh" -mmin -10 2>/dev/null)" ] || ! all_exist "$fresh" || return 0
	find_mirror
	make_downloader
	releases=$(mirror_state)
	[ -n "$releases" ] || return 0 # it does not answer, and Bazel will say so if it is needed
	state=$cache/state-$(key "$locks" "$releases")
	if [ -d "$state" ] && [ ! -e "$state/failed" ] && all_exist "$state/made"; then
		cp "$state/made" "$fresh"
		return
	fi
	begin "$state"
	: >"$state.part/made"
	while read -r sha256 archive path _ rest; do
		echo "$(archive_uri "$archive")/$path $sha256 $rest"
	done <"$cache/wanted" >"$state.part/asked"
	lost "$state.part/asked" >"$state.part/lost"
	cut -d ' ' -f 3-5 "$state.part/asked" | sort -u | while read -r folder distro release; do
		grep -F " $folder $distro $release " "$state.part/lost" >"$state.part/gone" || {
			rm -f "$checkout/$folder/$distro/$release/packages.lock.local.json"
			continue
		}
		succeed "$folder" "$distro" "$release" "$state.part/gone" || : >"$state.part/failed"
		echo "$checkout/$folder/$distro/$release/packages.lock.local.json" >>"$state.part/made"
	done
	finish "$state"
	cp "$state/made" "$fresh"
}

# all_exist LIST: whether what a file lists is there: a local lock is ignored by git, and so is soon cleaned away.
all_exist() {
	while read -r listed; do
		[ -e "$listed" ] || return 1
	done <"$1"
}

# mirror_state: the release files of the suites that locks were made from, signed anew whenever a suite changes.
mirror_state() {
	cut -d ' ' -f 2,4 "$cache/wanted" | sort -u | while read -r archive suite; do
		echo "url = \"$(archive_uri "$archive")/dists/$suite/InRelease\""
	done | ask
}

# lost FILE: those lines of it whose first word is the address of nothing. A mirror that does not answer may have it all the same.
lost() {
	sed 's/^\([^ ]*\).*/url = "\1"\noutput = "\/dev\/null"/' "$1" |
		ask --head --write-out '%{http_code} %{exitcode} %{url}\n' |
		sed -nE 's/^(404|410) [0-9]+ //p; s/^000 37 //p' | # 37: no such file, of file:
		sort -u >"$1.lost"
	sort "$1" | join "$1.lost" -
}

# ask ARGUMENT...: curl with the configuration in its standard input.
ask() (
	sandbox curl --silent --no-progress-meter --location --parallel --parallel-max 8 --retry 2 --connect-timeout 10 --max-time 60 "$@" --config - || true
)

# succeed FOLDER DISTRO RELEASE GONE: makes the local lock of a release that lost the packages in the file GONE.
succeed() {
	local_lock=$1/$2/$3/packages.lock.local.json
	gone="$2 $3: $(cut -d ' ' -f 6- "$4" | sort -u | awk '{ line = line ", " $0 } END { print substr(line, 3) }')"
	cut -d ' ' -f 2 "$4" >"$4.sums"
	set -- "$1" "$2" "$3" "$4.sums"
	if (run_bazel run --noshow_progress --norun_validations //tools/lock -- -folder "$1" -gone "$4" -output "$checkout/$local_lock" \
		-mirror "$mirror" -mirror "debian-security=$(archive_uri debian-security)" "$2" "$3") >"$cache/lock.log" 2>&1 </dev/null; then
		without=$(sed -n 's/: left out: .*//p' "$cache/lock.log" | tr '\n' ' ')
		say "$gone left the mirror; going on with what came after, in $local_lock${without:+; skipped: ${without% } (log: $cache/lock.log)}"
	else
		echo '{"architectures": {}}' >"$checkout/$local_lock"
		say "$gone left the mirror, and what needs it is skipped: $(grep '^lock:' "$cache/lock.log" || explain "$cache/lock.log") (log: $cache/lock.log)"
		return 1
	fi
}
