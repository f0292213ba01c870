# shellcheck shell=sh disable=SC2154 # names set by main.sh and by the steps before
# The programs of the machine itself that the air-gapped way starts from.

debian_keys=/usr/share/keyrings/debian-archive-keyring.gpg

# missing: Debian packages whose program or file is not here. Most are needed to unpack the Debian root alone.
missing() {
	while read -r file package; do
		[ ! -d "$debian" ] || [ "$package" = bubblewrap ] || continue
		case $file in
		/*) [ -e "$file" ] || echo "$package" ;;
		*) command -v "$file" >/dev/null || echo "$package" ;;
		esac
	done <<-END
		mmdebstrap mmdebstrap
		bwrap bubblewrap
		unshare util-linux
		sha256sum coreutils
		/usr/lib/apt/apt-helper apt
		$debian_keys debian-archive-keyring
	END
	[ -d "$debian" ] || ca_bundle >/dev/null || echo ca-certificates
}

# ca_bundle: the machine's own bundle, since a mirror or proxy may have a certificate that only this machine trusts.
ca_bundle() {
	for candidate in "${SSL_CERT_FILE:-}" /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem; do
		[ -n "$candidate" ] && [ -r "$candidate" ] && echo "$candidate" && return
	done
	return 1
}

prerequisites() {
	packages=$(missing | tr '\n' ' ')
	if [ -z "$packages" ]; then
		[ "$(id -u)" = 0 ] || die "the air-gapped way needs root, like the tests it runs; run it as root, or install bazelisk"
		return
	fi
	if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
		die "missing here: ${packages% }; install with: apt-get install ${packages% }"
	fi
	say "installing with apt-get: ${packages% }"
	log=$cache/prerequisites.log
	# shellcheck disable=SC2086 # a list of package names
	if ! { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $packages; } \
		</dev/null >"$log" 2>&1; then
		die "apt-get install ${packages% }: $(explain "$log") (log: $log)"
	fi
}
