# shellcheck shell=sh disable=SC2154 # names set by main.sh and by the steps before
# Which Debian mirror this machine uses: read from apt's own sources, written nowhere.

suite=forky

# apt_uris FILE...: the URI of every binary source in the files, one a line, in order; both of apt's formats
# (sources.list(5)): one line each, and deb822 stanzas in *.sources.
apt_uris() {
	for file in "$@"; do
		[ -r "$file" ] || continue
		case $file in
		*.list) sed -nE 's/#.*//; s/^[[:space:]]*deb[[:space:]]+(\[[^]]*\][[:space:]]+)?([^[:space:]]+)[[:space:]].*/\2/p' "$file" ;;
		*.sources)
			awk '
				function flush() { if (enabled && deb) { n = split(uris, uri, /[ \t]+/); for (i = 1; i <= n; i++) if (uri[i] != "") print uri[i] }
					uris = ""; deb = 0; enabled = 1; field = "" }
				BEGIN { enabled = 1 }
				/^#/ { next }
				/^[ \t]*$/ { flush(); next }
				/^[^ \t]/ { field = tolower($1); sub(/:.*/, "", field); sub(/^[^:]*:/, "") }
				field == "types" && /(^|[ \t])deb([ \t]|$)/ { deb = 1 }
				field == "enabled" && /no/ { enabled = 0 }
				field == "uris" { uris = uris " " $0 }
				END { flush() }' "$file"
			;;
		esac
	done | sed 's:/*$::' | awk '!seen[$0]++'
}

apt_sources() {
	apt_uris /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources
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
			mirror=$uri
			return
		fi
	done
	die "no Debian mirror: none of $(echo "$uris" | tr '\n' ' ')serves $suite: $(explain "$log")"
}

# fetch URI FILE [HASH]: with apt's own client, and so through the proxy and with the credentials that apt is set up with.
fetch() {
	/usr/lib/apt/apt-helper -o APT::Sandbox::User=root -o Acquire::Retries=2 -o Acquire::http::Timeout=20 \
		-o Acquire::https::Timeout=20 download-file "$@"
}
