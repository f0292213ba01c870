# shellcheck shell=sh disable=SC2154 # names set by main.sh and by the steps before
# The packages that images are made of, and the kernels of tests/kernels, for Bazel's --distdir: it takes a file from there by
# the name and sha256 that a lock gives before it tries the lock's own address, which is not to be reached here. Debian only;
# for other distributions' files there is no mirror to ask.

# locked LOCK...: sha256, size, file name, name, version, folder of the table, distribution, release, archive and archive path
# of each package, one a line.
# shellcheck disable=SC2016 # the variables are jq's
locked() (
	sandbox jq -r --arg checkout "$checkout" '.distro as $distro | .release as $release
		| (input_filename | ltrimstr($checkout + "/") | split("/")[:-3] | join("/")) as $folder
		| .. | objects | select(has("sha256") and has("urls") and (.urls[0] | test("/archive/debian(-security)?/")))
		| [.sha256, .size, (.urls[0] | sub(".*/"; "")), .name, .version, $folder, $distro, $release,
		   (.urls[0] | capture("/archive/(?<archive>debian[-a-z]*)/[^/]+/(?<path>.*)") | .archive, .path)]
		| join(" ")' "$@"
)

make_distdir() {
	distdir=$cache/distdir
	set --
	for lock in "$checkout"/images/*/*/packages.lock.json "$checkout"/tests/kernels/*/*/packages.lock.json; do
		[ ! -e "$lock" ] || set -- "$@" "$lock"
	done
	stamp=$cache/locks-$(key "$(cat "$here/distdir.sh" "$@" 2>/dev/null)")
	if [ ! -d "$stamp" ]; then
		mkdir -p "$distdir"
		begin "$stamp"
		: >"$stamp.part/lost"
		[ $# = 0 ] || locked "$@" >"$stamp.part/all" || die "cannot be read as locks: $*"
		[ $# = 0 ] || sort -u "$stamp.part/all" >"$stamp.part/files"
		[ $# = 0 ] || fetch_locked "$stamp.part/files" "$stamp.part/lost"
		finish "$stamp"
	fi
	# Said each time: what is made of that release's packages cannot be had here, everything else can.
	while read -r _ _ _ name version folder distro release _; do
		[ "$folder" = images ] || distro="-folder $folder $distro"
		say "$name $version has left the mirror; for a newer lock: ./bazelw run //tools/lock -- $distro $release"
	done <"$stamp/lost"
}

# fetch_locked FILES LOST: what is in FILES but not yet in $distdir; into LOST goes what no mirror has.
fetch_locked() {
	todo=$1.todo lost=$2
	while read -r sha256 size file rest; do
		[ "$(stat -c %s "$distdir/$file" 2>/dev/null)" = "$size" ] || echo "$sha256 $size $file $rest"
	done <"$1" | sort -u -k 3,3 >"$todo" # two releases can share a file
	[ -s "$todo" ] || return 0
	find_mirror
	say "locked packages: $(wc -l <"$todo") of $(wc -l <"$1") to fetch"
	log=$cache/distdir.log
	incoming=$1.incoming
	mkdir -p "$incoming"
	set --
	while read -r sha256 _ file _ _ _ _ _ archive path; do
		set -- "$@" "$(archive_uri "$archive")/$path" "$incoming/$file" "SHA256:$sha256"
	done <"$todo"
	fetch "$@" >"$log" 2>&1 || true
	while read -r sha256 size file rest; do
		if echo "$sha256  $incoming/$file" | sha256sum --check --status 2>/dev/null; then
			mv "$incoming/$file" "$distdir/$file" || die "$distdir/$file: cannot be written"
		elif grep -qE "404|File not found" "$log"; then
			echo "$sha256 $size $file $rest" >>"$lost"
		else
			die "$file from $mirror: $(explain "$log") (log: $log)"
		fi
	done <"$todo"
	remove "$incoming"
}

# archive_uri debian|debian-security: where this machine's mirror has that archive.
archive_uri() {
	if [ "$1" = debian ]; then
		echo "$mirror"
		return
	fi
	for uri in $(apt_sources); do
		case $uri in
		*security*) echo "$uri" && return ;;
		esac
	done
	echo "$mirror-security"
}
