# shellcheck shell=sh disable=SC2154 # names set by main.sh and by the steps before
# The properties of this machine: programs, certificates, proxies, and the Debian mirror. The mirror comes from apt's
# configuration, and only Bazel's downloader uses it.

debian_keys=/usr/share/keyrings/debian-archive-keyring.gpg

# missing: prints the Debian packages whose program or file is missing. Most are only needed to unpack the Debian root.
missing() {
	command -v bwrap >/dev/null || echo bubblewrap
	[ ! -d "$debian" ] || return 0
	command -v mmdebstrap >/dev/null || echo mmdebstrap
	[ -e /usr/lib/apt/apt-helper ] || echo apt
	[ -e "$debian_keys" ] || echo debian-archive-keyring
	ca_bundle >/dev/null || echo ca-certificates
}

# ca_bundle: prints the machine's own bundle, because a mirror or proxy may have a certificate that only this machine
# trusts.
ca_bundle() {
	for candidate in "${SSL_CERT_FILE:-}" /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem; do
		[ -n "$candidate" ] && [ -r "$candidate" ] && echo "$candidate" && return
	done
	return 1
}

need_root() {
	[ "$(id -u)" = 0 ] || die "the air-gapped way needs root, like the tests it runs; run it as root (sudo ./bazelw ...), or $get_bazelisk"
}

# prerequisites: installs what is missing.
prerequisites() {
	packages=$(missing | tr '\n' ' ')
	[ -n "$packages" ] || return 0
	command -v apt-get >/dev/null || die "missing here, and no apt-get to install it with: ${packages% }; use Debian or Ubuntu, or $get_bazelisk"
	say "installing with apt-get: ${packages% }"
	log=$cache/prerequisites.log
	# shellcheck disable=SC2086 # a list of package names
	{ apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $packages; } \
		</dev/null >"$log" 2>&1 || die "apt-get install ${packages% }: $(explain "$log") (log: $log); install it manually and run this again"
}

# proxies: prints NAME=VALUE of every setting for downloading and verifying modules and packages
# (tools/lock/mirrors.bzl). The settings of Go come from the go command, if there is one, because its file can also
# contain them (go env -w).
proxies() {
	env | grep -iE '^(IPTABLES_WRAPPERS_MIRRORS|GO(NO)?PROXY|GO(NO)?SUMDB|GOPRIVATE|GOINSECURE|(https?|no)_proxy)=' || true
	! command -v go >/dev/null ||
		go env -json GOPROXY GONOPROXY GOSUMDB GONOSUMDB GOPRIVATE GOINSECURE | sed -nE 's/^\t"([A-Z]+)": "(.*)",?$/\1=\2/p'
}

suite=forky

# apt_sources: prints the address of every archive in apt's configuration, one per line, in apt's order.
# shellcheck disable=SC2016 # the variables are apt's
apt_sources() {
	apt-get indextargets --no-release-info --format '$(REPO_URI)' 'Created-By: Packages' | sed 's:/*$::' | awk '!seen[$0]++'
}

# find_mirror: sets mirror to the first source that serves Debian's $suite, and security to the address of the security
# archive. It downloads with apt's own client, so apt's proxy and credentials are used. IPTABLES_WRAPPERS_MIRROR has
# precedence over apt's sources.
find_mirror() {
	[ -z "${mirror:-}" ] || return 0
	uris=${IPTABLES_WRAPPERS_MIRROR:-$(apt_sources)}
	[ -n "$uris" ] || die "no Debian mirror: /etc/apt names none; set IPTABLES_WRAPPERS_MIRROR to one's address"
	log=$cache/mirror.log
	: >"$log"
	for uri in $uris; do
		/usr/lib/apt/apt-helper -o APT::Sandbox::User=root -o Acquire::Retries=2 -o Acquire::http::Timeout=20 \
			-o Acquire::https::Timeout=20 download-file "$uri/dists/$suite/InRelease" "$cache/InRelease" >>"$log" 2>&1 || continue
		grep -q '^Origin: Debian$' "$cache/InRelease" || { echo "E: $uri: its InRelease is not Debian's" >>"$log" && continue; }
		mirror=${uri%/}
		security=$(apt_sources | grep -m 1 security) || security=$mirror-security
		return
	done
	die "no Debian mirror: none of $(echo "$uris" | tr '\n' ' ')serves $suite: $(explain "$log"); set IPTABLES_WRAPPERS_MIRROR to one that does"
}

# make_downloader: writes the file that makes Bazel use this machine's mirror instead of Debian's own archives in
# locks, which this machine cannot reach. The mirror is used for no other address. Whenever Bazel starts, rules_go asks
# the addresses of Go for a list of releases, for an SDK that no build uses. It continues without the list.
make_downloader() {
	find_mirror
	cat >"$downloader.part" <<-END
		block go.dev
		block golang.google.cn
		rewrite (snapshot\.debian\.org/archive/debian/[^/]+|ftp\.debian\.org/debian)/(.*) $mirror/\$2
		rewrite (snapshot\.debian\.org/archive/debian-security/[^/]+|security\.debian\.org/debian-security)/(.*) $security/\$2
	END
	cmp -s "$downloader.part" "$downloader" || mv "$downloader.part" "$downloader"
}
