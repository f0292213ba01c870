#!/bin/sh
# Tests that a second machine reuses build results through a remote cache, but not the results of tests that depend on
# the machine. Two checkouts in two directories share only nginx on loopback, which stores files by PUT and returns them
# by GET.
#
# usage: tools/reproduce/remotecache.sh [TARGET...]      without targets: a wrapper, an image and tests of both kinds
#
# Fails if the second checkout executes an action whose result the cache contains, or takes from it the result of an
# action that is tagged no-remote. Also fails if the first checkout executes an action outside a sandbox, which contains
# only the action's inputs and has no network. Needs nginx (Debian: nginx-light) and jq. All files are in a directory
# that the script removes.
set -eu
here=$(git rev-parse --show-toplevel)
git -C "$here" diff --quiet HEAD || { echo "$here: has uncommitted changes, which the checkouts would not contain: commit or stash them" >&2 && exit 1; }
for program in nginx jq; do
	command -v "$program" >/dev/null || { echo "$program: not in PATH: install it (Debian: apt-get install nginx-light jq)" >&2 && exit 1; }
done
[ $# -gt 0 ] || set -- //wrapper/mode/... //wrapper/rootfs/... //tests/needs/... \
	//images/distroless:trixie_amd64 //images/distroless:trixie_amd64_files_test //images/distroless:trixie_amd64_commands_test

untagged=$("$here/bazelw" query 'attr(target_compatible_with, "machine//:", tests(//...)) except attr(tags, "\bno-remote\b", tests(//...))')
[ -z "$untagged" ] || { printf 'need something of the machine, and are not tagged no-remote:\n%s\n' "$untagged" >&2 && exit 1; }

commit=$(git -C "$here" rev-parse HEAD)
scratch=$(mktemp -d)
server=
clean() {
	[ -z "$server" ] || kill "$server"
	for checkout in "$scratch"/one "$scratch"/elsewhere/two; do
		[ ! -d "$checkout" ] || {
			# This also ends Bazel's server. Otherwise its output would stay in the user's cache.
			(cd "$checkout" && ./bazelw clean --expunge >/dev/null 2>&1) || :
			git -C "$here" worktree remove --force "$checkout"
		}
	done
	rm -r "$scratch"
}
trap clean EXIT
trap 'exit 1' INT TERM

# serve PORT: starts the cache on this port. Fails if another program uses the port.
serve() {
	cat >"$scratch/nginx.conf" <<-END
		daemon off;
		pid $scratch/nginx.pid;
		error_log $scratch/error.log;
		user $(id -un);
		events {}
		http {
			log_format line '\$request_method \$status';
			access_log $scratch/access.log line;
			client_body_temp_path $scratch/cache/part;
			proxy_temp_path $scratch/temporary;
			fastcgi_temp_path $scratch/temporary;
			uwsgi_temp_path $scratch/temporary;
			scgi_temp_path $scratch/temporary;
			server {
				listen 127.0.0.1:$1;
				root $scratch/cache;
				client_max_body_size 0;
				location / {
					dav_methods PUT;
					create_full_put_path on;
				}
			}
		}
	END
	nginx -c "$scratch/nginx.conf" 2>"$scratch/nginx.err" &
	server=$!
	sleep 1
	kill -0 "$server" 2>/dev/null || { server= && return 1; }
}
mkdir "$scratch/cache"
port=18080
until serve $port; do
	port=$((port + 1))
	[ $port -lt 18100 ] || { cat "$scratch/nginx.err" >&2 && exit 1; }
done

# Selects executed actions. If two configurations have the same action after path stripping, Bazel executes one of them,
# and reports the other as deduplicated.
executed='(.cacheHit | not) and .runner != "deduplicated"'

# round NAME DIRECTORY TARGET...: builds and tests in the directory, and writes the executed actions to
# $scratch/NAME.json.
round() (
	name=$1 checkout=$2
	shift 2
	git -C "$here" worktree add --quiet --detach "$checkout" "$commit"
	: >"$scratch/access.log"
	cd "$checkout"
	./bazelw test --config=remote-cache --remote_cache="http://127.0.0.1:$port" --disk_cache= \
		--sandbox_default_allow_network=false --execution_log_json_file="$checkout/executed.json" "$@" >&2
	mv executed.json "$scratch/$name.json" # the air-gapped Bazel has a /tmp that is separate, and sees the checkout
	echo
	echo "$name checkout, $checkout:"
	sort "$scratch/access.log" | uniq -c | sed 's/^ */  HTTP /'
	jq -rs "group_by(.mnemonic)[] | \"  \(.[0].mnemonic): \(map(select(.cacheHit)) | length) hits, \(map(select($executed)) | length) executed\"" \
		"$scratch/$name.json"
)
round first "$scratch/one" "$@"
round second "$scratch/elsewhere/two" "$@"

# which NAME FILTER: lists the actions of that round that match the filter.
which() {
	jq -r "select($2) | \"  \(.mnemonic) \(.targetLabel)\"" "$scratch/$1.json" | sort
}
loose=$(which first "$executed and .mnemonic != \"TestRunner\" and .runner != \"linux-sandbox\"")
missed=$(which second ".remoteCacheable and $executed")
own=$(which second '.remoteCacheable | not')
taken=$(which second '(.remoteCacheable | not) and .cacheHit')
built=$(which second '(.remoteCacheable | not) and .mnemonic != "TestRunner"')
printf '\nexecuted by the second checkout, since it is tagged no-remote:\n%s\n' "$own"
failed=0
[ -z "$loose" ] || { printf '\nFAIL: built, but not in the sandbox:\n%s\n' "$loose" && failed=1; }
[ -z "$missed" ] || { printf '\nFAIL: executed, although the cache could have it:\n%s\n' "$missed" && failed=1; }
[ -n "$own" ] || { printf '\nFAIL: nothing that was asked for is tagged no-remote: this shows only half\n' && failed=1; }
[ -z "$taken" ] || { printf '\nFAIL: taken from another machine:\n%s\n' "$taken" && failed=1; }
[ -z "$built" ] || { printf '\nFAIL: not cached, although it is no test:\n%s\n' "$built" && failed=1; }
[ $failed = 0 ]
