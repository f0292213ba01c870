# shellcheck shell=sh disable=SC2154 # names set by main.sh and by the steps before
# Which Debian mirror this machine uses: asked of apt, written nowhere.

suite=forky

# apt_sources: the address of every archive that apt is set up with, one a line, in apt's order.
# shellcheck disable=SC2016 # the variables are apt's
apt_sources() {
	apt-get indextargets --no-release-info --format '$(REPO_URI)' 'Created-By: Packages' | sed 's:/*$::' | awk '!seen[$0]++'
}

# find_mirror: sets mirror to the first source that serves Debian's $suite. IPTABLES_WRAPPERS_MIRROR comes before apt's.
find_mirror() {
	[ -z "${mirror:-}" ] || return 0
	uris=${IPTABLES_WRAPPERS_MIRROR:-$(apt_sources)}
	[ -n "$uris" ] || die "no Debian mirror: /etc/apt names none; set IPTABLES_WRAPPERS_MIRROR to one's address"
	log=$cache/mirror.log
	: >"$log"
	for uri in $uris; do
		if fetch "$uri/dists/$suite/InRelease" "$cache/InRelease" >>"$log" 2>&1 && grep -q '^Origin: Debian$' "$cache/InRelease"; then
			mirror=${uri%/}
			return
		fi
	done
	die "no Debian mirror: none of $(echo "$uris" | tr '\n' ' ')serves $suite: $(explain "$log")"
}

# archive_uri debian|debian-security: where this machine's mirror has that archive.
archive_uri() {
	uri=$mirror
	[ "$1" = debian ] || uri=$(apt_sources | grep -m 1 security) || uri=$mirror-security
	echo "$uri"
}

# fetch URI FILE: with apt's own client, and so through the proxy and with the credentials that apt is set up with.
fetch() {
	/usr/lib/apt/apt-helper -o APT::Sandbox::User=root -o Acquire::Retries=2 -o Acquire::http::Timeout=20 \
		-o Acquire::https::Timeout=20 download-file "$@"
}
