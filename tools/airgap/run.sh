# shellcheck shell=sh disable=SC2154 # names set by main.sh and by the steps before
# Runs Bazel in the Debian root with bubblewrap. A Bazel server keeps the mounts with which it was started, so they
# must depend only on the checkout.

# sandbox BWRAP-ARGUMENT... COMMAND...: replaces this shell (exec). A caller that continues uses a subshell.
sandbox() {
	certificates=$(ca_bundle) || certificates=$debian/etc/ssl/certs/ca-certificates.crt
	# The objects of a linked worktree are in the main one.
	git=$(git -C "$checkout" rev-parse --path-format=absolute --git-common-dir 2>/dev/null) || git=$checkout
	# The settings for a module proxy come from the user. No other variable is passed on, so that no build depends on
	# the environment.
	while IFS='=' read -r name value; do
		[ -z "$value" ] || set -- --setenv "$name" "$value" "$@"
	done <<-END
		$(proxies)
	END
	exec bwrap --die-with-parent --cap-add ALL --bind "$debian" / --dev-bind /dev /dev --bind /proc /proc --bind /sys /sys --bind "$cache/tmp" /tmp \
		--ro-bind-try /etc/resolv.conf /etc/resolv.conf --ro-bind-try /etc/hosts /etc/hosts \
		--ro-bind "$certificates" /etc/ssl/certs/ca-certificates.crt \
		--bind "$cache" "$cache" --bind "$git" "$git" --bind "$checkout" "$checkout" \
		--clearenv --setenv PATH /usr/sbin:/usr/bin:/sbin:/bin --setenv HOME "$cache/home" --setenv USER root \
		--setenv TERM "${TERM:-dumb}" --setenv LANG C.UTF-8 --setenv SSL_CERT_FILE /etc/ssl/certs/ca-certificates.crt \
		--setenv GO_REPOSITORY_USE_HOST_CACHE 1 --setenv GOPATH "$cache/gopath" --setenv GOCACHE "$cache/gocache" \
		"$@"
}

# run_bazel ARGUMENT...: Ctrl-C reaches all processes in the terminal's process group. Bazel's client must receive it,
# cancel and report (exit 8), while this shell and bubblewrap wait for it. If they were killed first, the client would
# end with them, and the server would stop its work.
run_bazel() {
	trap : INT QUIT
	status=0
	(
		trap '' INT QUIT
		sandbox --ro-bind "$config" /etc/bazel/bazelrc --chdir "$PWD" env --default-signal=INT,QUIT bazel "$@" 9>&-
	) || status=$?
	exit "$status"
}

# remove_bazel PATH: removes Bazel's files in the cache, after it ends the servers that were started when the cache was
# at PATH. Each server has its process id in its output base.
remove_bazel() {
	for file in "$cache"/bazel/*/server/server.pid.txt; do
		pid=$(cat "$file" 2>/dev/null) || continue
		base=${file%/server/server.pid.txt}
		! tr '\0' '\n' <"/proc/$pid/cmdline" 2>/dev/null | grep -qxF -- "--output_base=$1/bazel/${base##*/}" ||
			{ kill "$pid" && timeout 5 tail --pid="$pid" -s 0.1 -f /dev/null || true; }
	done
	remove "$cache/bazel"
}

# check_cache: Bazel's files contain the path of the cache, so they do not work in a cache that was moved or copied.
check_cache() {
	was=$(cat "$cache/path" 2>/dev/null) || was=$cache
	if [ "$was" != "$cache" ]; then
		say "$cache was $was: Bazel starts afresh"
		[ -e "$was" ] || remove_bazel "$was"
		remove "$cache/bazel"
	fi
	echo "$cache" >"$cache/path"
	mkdir -p "$cache/bazel"
}

# clean: removes the cache, and the symlink to it if it was used through one.
clean() {
	if [ -d "$cache" ]; then
		remove_bazel "$cache"
		remove "$(readlink -f "$cache")"
	fi
	[ ! -L "$cache" ] || { rm "$cache" && rmdir --ignore-fail-on-non-empty "${cache%/*}"; }
}
