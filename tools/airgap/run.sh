# shellcheck shell=sh disable=SC2154 # names set by main.sh and by the steps before
# Runs Bazel in the Debian root with bubblewrap. A Bazel server keeps the mounts it was started with, so they depend on
# nothing but the checkout.

# sandbox BWRAP-ARGUMENT... COMMAND...
sandbox() {
	bundle=$(ca_bundle) || die "no CA bundle; install ca-certificates"
	# A linked worktree's objects are in the main one.
	git=$(git -C "$checkout" rev-parse --path-format=absolute --git-common-dir 2>/dev/null) || git=$checkout
	[ "$(id -u)" != 0 ] || set -- --cap-add ALL "$@"
	# How to reach a module proxy is the user's; everything else of the environment stays out, so that no build depends on it.
	while IFS='=' read -r name value; do
		[ -z "$value" ] || set -- --setenv "$name" "$value" "$@"
	done <<-END
		$(proxies)
	END
	exec bwrap --bind "$debian" / --dev-bind /dev /dev --bind /proc /proc --bind /sys /sys --bind "$cache/tmp" /tmp \
		--ro-bind-try /etc/resolv.conf /etc/resolv.conf --ro-bind-try /etc/hosts /etc/hosts \
		--ro-bind "$bundle" /etc/ssl/certs/ca-certificates.crt \
		--bind "$cache" "$cache" --bind "$git" "$git" --bind "$checkout" "$checkout" \
		--clearenv --setenv PATH /usr/sbin:/usr/bin:/sbin:/bin --setenv HOME "$cache/home" --setenv USER "$(id -un)" \
		--setenv TERM "${TERM:-dumb}" --setenv LANG C.UTF-8 --setenv SSL_CERT_FILE /etc/ssl/certs/ca-certificates.crt \
		--setenv GO_REPOSITORY_USE_HOST_CACHE 1 --setenv GOPATH "$cache/gopath" --setenv GOCACHE "$cache/gocache" \
		"$@"
}

# proxies: NAME=VALUE of every setting by which modules are fetched and checked. Go's own come from the go command, where
# there is one, since they can also stand in its file (go env -w).
proxies() {
	if command -v go >/dev/null; then
		go env -json GOPROXY GONOPROXY GOSUMDB GONOSUMDB GOPRIVATE GOINSECURE | sed -nE 's/^\t"([A-Z]+)": "(.*)",?$/\1=\2/p'
		env | grep -iE '^(https?|no)_proxy=' || true
	else
		env | grep -iE '^(GO(NO)?PROXY|GO(NO)?SUMDB|GOPRIVATE|GOINSECURE|(https?|no)_proxy)=' || true
	fi
}

run_bazel() {
	directory=$(pwd -P)
	case $directory/ in
	"$checkout"/*) ;;
	*) directory=$checkout ;;
	esac
	sandbox --chdir "$directory" bazel --bazelrc="$config" "$@"
}
