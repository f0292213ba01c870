# shellcheck shell=sh disable=SC2154 # names set by main.sh and by the steps before
# A bundle is one file that contains everything for a machine without network. It is a gzipped tar of those parts of
# the cache that set-up and Bazel would otherwise download, under the names that they have in the cache. FILE.sha256
# beside it is in the format of sha256sum.

# make_bundle FILE TARGET...: downloads everything that the targets need, and packs all parts that the checkout names.
# Exits.
make_bundle() {
	file=$1
	shift
	[ $# != 0 ] || set -- //...
	(run_bazel build --nobuild --keep_going "$@") || die "$file: not made: Bazel cannot fetch what $* needs; its messages above contain the reason"
	say "$file: packing"
	{
		echo "${debian##*/}"
		echo "${modules##*/}"
		echo gopath/pkg/mod/cache/download
		locked | cut -d ' ' -f 1 | sort -u | while read -r sha256 _; do
			entry=repositories/content_addressable/sha256/$sha256
			[ ! -e "$cache/$entry/file" ] || echo "$entry"
		done
	} | tar -C "$cache" --numeric-owner --anchored --no-wildcards-match-slash --exclude='debian-*/dev/*' --files-from=- -czf "$file.part" || die "$file: cannot be written; name a FILE on a disk with 2 GB free"
	mv "$file.part" "$file"
	(cd "$(dirname "$file")" && sha256sum "$(basename "$file")" >"$(basename "$file").sha256") || die "$file.sha256: cannot be written"
	say "$file: $(du -m "$file" | cut -f1) MB; copy it and $file.sha256 to the other machine, and run there: ./bazelw --airgap-from FILE run //:demo"
	exit
}

# take_bundle FILE: moves the content of a bundle into the cache, once. No later step uses a network: a part that the
# bundle lacks is an error. A bundle contains programs that run as root, so its maker must be trusted. Its file names
# are not trusted: it is unpacked beside the cache's results and checked before any file is moved.
take_bundle() {
	{ [ -r "$1" ] && [ -r "$1.sha256" ]; } || die "$1: it or $1.sha256 cannot be read; name a FILE that --airgap-bundle made, with FILE.sha256 beside it"
	(cd "$(dirname "$1")" && sha256sum --check --status "$(basename "$1").sha256") ||
		die "$1: its checksum differs from $1.sha256; copy both files again"
	taken=$cache/bundle-$(key "$(cat "$1.sha256")")
	if [ ! -d "$taken" ]; then
		say "$1: unpacking $(du -m "$1" | cut -f1) MB"
		begin "$taken"
		unpack_bundle "$1" "$taken.part/unpacked"
		remove "$taken.part/unpacked"
		finish "$taken"
	fi
	printf 'block *\nallow 127.0.0.1\n' >"$cache/config/downloader"
}

# unpack_bundle FILE DIRECTORY: unpacks into DIRECTORY, and moves the parts into the cache that it lacks.
unpack_bundle() {
	mkdir "$2"
	# GNU tar refuses "..", makes absolute names relative, and creates symlinks that lead out of DIRECTORY last.
	tar -C "$2" --numeric-owner -xzf "$1" || {
		remove "$2"
		die "$1: cannot be unpacked into $cache; if tar names no bad member, free some space, or set IPTABLES_WRAPPERS_CACHE to a directory on another disk"
	}
	find_go_modules
	stray=$(stray_in_bundle "$2")
	[ -z "$stray" ] || {
		remove "$2"
		die "$1: contains $stray, which no bundle of this checkout does; nothing of it was used: make it again with --airgap-bundle at this commit"
	}
	# The go command trusts a .ziphash and does not read the zip. Without it, the zip is compared with go.sum.
	[ ! -d "$2/gopath" ] || find "$2/gopath" -name '*.ziphash' -delete
	for result in "$2"/debian-* "$2"/go-*; do
		[ ! -d "$result" ] || [ -e "$cache/${result##*/}" ] || mv -T "$result" "$cache/${result##*/}"
	done
	for shared_part in gopath repositories; do
		[ ! -d "$2/$shared_part" ] || tar -C "$2" -cf - "$shared_part" | tar -C "$cache" --skip-old-files --numeric-owner -xf - ||
			die "$cache/$shared_part: cannot be written; free some space, or set IPTABLES_WRAPPERS_CACHE to a directory on another disk"
	done
}

# stray_in_bundle DIRECTORY: prints one name that must not be in a bundle. Only the Debian roots and the Go modules of
# this checkout, module files, and packages by their sum are allowed. Symlinks are allowed in a Debian root, which
# bubblewrap makes "/".
stray_in_bundle() (
	cd "$1" || exit
	set -- -path "./${modules##*/}/*" -o -path './gopath/pkg/mod/cache/download/*' -o \
		-regextype posix-extended -regex '\./repositories/content_addressable/sha256/[0-9a-f]{64}/(file|id-[0-9a-f]{64})'
	set -- -type f '(' "$@" ')'
	for added in "$debian_test_packages" "$debian_test_packages $debian_emulator_packages"; do
		root=$(debian_root "$added")
		set -- "$@" -o '(' -type f -o -type l ')' -path "./${root##*/}/*"
	done
	find . ! -type d ! '(' "$@" ')' -printf '%P (%y)' -quit
)
