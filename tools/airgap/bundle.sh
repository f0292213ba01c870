# shellcheck shell=sh disable=SC2154 # names set by main.sh and by the steps before
# One file that carries everything into a place without a network: a gzipped tar of the parts of the cache that set-up and Bazel
# would otherwise fetch, under the cache's own names, and beside it FILE.sha256, as sha256sum writes it.

# make_bundle FILE TARGET...: what the targets need is fetched, and everything that the checkout names is packed. Exits.
make_bundle() {
	file=$1
	shift
	[ $# != 0 ] || set -- //...
	(run_bazel build --nobuild --keep_going "$@") || die "$file: not made: Bazel cannot fetch what $* needs; its own lines above say why"
	say "$file: packing"
	{
		echo "${debian##*/}"
		echo "${modules##*/}"
		echo gopath/pkg/mod/cache/download
		locked | cut -d ' ' -f 1 | sort -u | while read -r sha256 _; do
			entry=repositories/content_addressable/sha256/$sha256
			[ ! -e "$cache/$entry/file" ] || echo "$entry"
		done
	} | tar -C "$cache" --files-from=- -czf "$file.part" || die "$file: cannot be written; name a FILE on a disk with 2 GB free"
	mv "$file.part" "$file"
	(cd "$(dirname "$file")" && sha256sum "$(basename "$file")" >"$(basename "$file").sha256") || die "$file.sha256: cannot be written"
	say "$file: $(du -m "$file" | cut -f1) MB; take it and $file.sha256 along, then: ./bazelw --airgap-from FILE run //:demo"
	exit
}

# take_bundle FILE: into the cache, once. Nothing is asked of a network from then on: what the bundle lacks is an error at once.
take_bundle() {
	{ [ -r "$1" ] && [ -r "$1.sha256" ]; } || die "$1: it or $1.sha256 cannot be read; name the FILE that --airgap-bundle made, with the other beside it"
	(cd "$(dirname "$1")" && sha256sum --check --status "$(basename "$1").sha256") ||
		die "$1: not what $1.sha256 says; copy both again"
	taken=$cache/bundle-$(key "$(cat "$1.sha256")")
	if [ ! -d "$taken" ]; then
		say "$1: unpacking $(du -m "$1" | cut -f1) MB"
		begin "$taken"
		tar -C "$cache" -xzf "$1" || die "$1: cannot be unpacked into $cache; make room there, or set IPTABLES_WRAPPERS_CACHE to a folder on another disk"
		finish "$taken"
	fi
	printf 'block *\nallow 127.0.0.1\n' >"$cache/config/downloader"
}
