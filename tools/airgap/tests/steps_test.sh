#!/bin/sh
# shellcheck disable=SC2154 # names set by the steps
# Tests the parts of the bootstrap that can fail without an error: reading apt's sources, detecting that a step is
# complete, and the messages for the user. It uses the real apt and real files, and only this machine.
set -eu
here=$(dirname "$(readlink -f "$1")")
work=${TEST_TMPDIR:?}/airgap
export IPTABLES_WRAPPERS_CACHE="$work/cache"
mkdir -p "$IPTABLES_WRAPPERS_CACHE"
for part in lib machine run; do
	# shellcheck source=/dev/null
	. "$here/$part.sh"
done
find_cache
failed=0

# same NAME GOT WANT
same() {
	[ "$2" = "$3" ] && return
	printf 'FAIL %s\n got: %s\nwant: %s\n' "$1" "$2" "$3"
	failed=1
}

# like NAME GOT PATTERN: checks that one line matches.
like() {
	echo "$2" | grep -qE "$3" && [ "$(echo "$2" | wc -l)" = 1 ] && return
	printf 'FAIL %s\n got: %s\nwant one line like: %s\n' "$1" "$2" "$3"
	failed=1
}

# The Bazel that bazelisk downloads.
# shellcheck disable=SC2034,SC2329 # expect_bazel reads and calls them
expected() (
	# shellcheck source=/dev/null
	. "$here/way.sh"
	checkout=$work/checkout
	cd "$1"
	uname() { [ "$1" = -s ] && echo Linux || echo x86_64; }
	expect_bazel
	echo "${BAZELISK_VERIFY_SHA256:-none}"
)
mkdir -p "$work/checkout/dir" "$work/checkout/workspace"
touch "$work/checkout/MODULE.bazel" "$work/checkout/workspace/MODULE.bazel"
sed -n '$s/.*bazel-\(.*\)-linux-x86_64$/\1/p' "$here/bazel.sum" >"$work/checkout/.bazelversion"
same "bazelisk in a directory of the checkout" "$(expected "$work/checkout/dir")" "$(sed -n 's/  .*-linux-x86_64$//p' "$here/bazel.sum")"
same "bazelisk in another workspace" "$(expected "$work/checkout/workspace")" none
same "bazelisk for another release" "$(USE_BAZEL_VERSION=9.x expected "$work/checkout")" none
echo 0.0.0 >"$work/checkout/.bazelversion"
like "a Bazel without a sum" "$(expected "$work/checkout" 2>&1)" '^bazelw: bazel-0.0.0-linux-x86_64: no sum in tools/airgap/bazel.sum'

mkdir -p "$work/apt"
cat >"$work/apt/sources.list" <<'END'
# deb http://commented.example/debian bookworm main
deb [arch=amd64 trusted=yes] http://options.example/debian/ bookworm main # remark
deb-src http://source.example/debian bookworm main
END
cat >"$work/apt/two.sources" <<'END'
Types: deb deb-src
URIs: http://first.example/debian
Suites: bookworm bookworm-updates
Components: main

Enabled: no
Types: deb
URIs: http://disabled.example/debian
Suites: bookworm
Components: main
END
echo "Dir::Etc { SourceList \"$work/apt/sources.list\"; SourceParts \"$work/apt\"; };" >"$work/apt.conf"
same "sources" "$(APT_CONFIG=$work/apt.conf apt_sources | tr '\n' ' ')" "http://options.example/debian http://first.example/debian "

# A path with a space is used through a symlink, in a directory that no other user can prepare or change.
# shellcheck disable=SC2034 # find_cache reads both
spaced() (
	shared=$work/shared IPTABLES_WRAPPERS_CACHE="$work/a cache"
	find_cache
	echo "$cache"
)
own=$work/shared/iptables-wrappers-$(id -u)
mkdir -m 1777 "$work/shared"
same "a path with a space" "$(readlink "$(spaced)")" "$work/a cache"
same "the directory of its symlink" "$(stat -c '%F %u %a' "$own")" "directory $(id -u) 700"
ln -sfnT /nonexistent "$(spaced)"
same "a symlink to another path" "$(readlink "$(spaced)")" "$work/a cache"
refused="^bazelw: $own: not a directory with mode 0700 of this user; remove it"
chmod 0777 "$own"
like "a directory that all can change" "$(spaced 2>&1)" "$refused"
rm -r "$own"
mkdir -m 0700 "$work/elsewhere"
ln -s "$work/elsewhere" "$own"
like "a symlink in place of the directory" "$(spaced 2>&1)" "$refused"
rm "$own"
ln -s "$work/missing" "$own"
like "a dangling symlink" "$(spaced 2>&1)" "$refused"
[ ! -e "$work/missing" ] || same "a dangling symlink" "its target was created" ""
same "the symlink's target" "$(ls "$work/elsewhere")" ""
rm "$own"
if [ "$(id -u)" = 0 ]; then
	mkdir -m 0700 "$own"
	chown 65534 "$own"
else
	ln -s / "$own" # that of another user, under any name
fi
like "a directory of another user" "$(spaced 2>&1)" "$refused"

same "key of the same" "$(key a b)" "$(key a b)"
[ "$(key a b)" != "$(key ab)" ] || same "key" "does not tell 'a b' from 'ab'" ""

step=$cache/step-123456789abc
begin "$step"
echo half >"$step.part/file"
begin "$step"
same "a step cut off" "$(ls "$step.part")" ""
[ ! -e "$step" ] || same "a step under way" "taken for done" ""
echo whole >"$step.part/file"
mkdir "$cache/step-aged" "$cache/step-used" "$cache/other-aged"
touch -d '8 days ago' "$cache/step-aged" "$cache/other-aged"
finish "$step"
same "a step done" "$(cat "$step/file") $(cd "$cache" && echo other-* step-*)" "whole other-aged step-123456789abc step-used"

whole "$step" || same "a step done" "not taken for whole" ""
rm "$step/file"
like "a step of which a file was deleted" "$( (! whole "$step" && ! whole "$step") 2>&1)" "^bazelw: .*$step: files have been deleted there"
[ ! -e "$step" ] || same "a step of which a file was deleted" "still there" ""

like "no mirror in apt's sources" "$( (
	# shellcheck disable=SC2329 # find_mirror calls it
	apt_sources() { :; }
	find_mirror
) 2>&1)" '^bazelw: no Debian mirror: /etc/apt names none'
# Port 1 of loopback: nothing listens there.
like "a mirror that does not answer" "$( (IPTABLES_WRAPPERS_MIRROR=http://127.0.0.1:1/debian find_mirror) 2>&1)" \
	'^bazelw: no Debian mirror: none of http://127.0.0.1:1/debian serves forky: does not answer: .*127.0.0.1'
mkdir -p "$work/other/dists/$suite"
echo 'Origin: Other' >"$work/other/dists/$suite/InRelease"
like "a mirror of something else" "$( (IPTABLES_WRAPPERS_MIRROR=file://$work/other find_mirror) 2>&1)" 'none of file://.* serves forky: E: file://.*: its InRelease is not Debian'"'s"

# apt's error for an archive whose release file is not signed.
mkdir -p "$work/state/lists/partial" "$work/archives/partial" "$work/unsigned/dists/$suite"
printf 'Origin: Debian\nSuite: %s\nCodename: %s\nDate: Thu, 01 Jan 2026 00:00:00 UTC\nSHA256:\n' "$suite" "$suite" >"$work/unsigned/dists/$suite/Release"
echo "deb file:$work/unsigned $suite main" >"$work/apt/unsigned.list"
apt-get -o APT::Sandbox::User=root -o Dir::Etc::SourceList="$work/apt/unsigned.list" -o Dir::Etc::SourceParts=- \
	-o Dir::State::Lists="$work/state/lists" -o Dir::Cache="$work" update >"$work/unsigned.log" 2>&1 || true
like "no signature" "$(explain "$work/unsigned.log")" '^a signature or checksum does not verify: .*not signed'

echo 'dpkg: error processing archive x.deb: failed to write (No space left on device)' >"$work/full.log"
like "a full disk" "$(explain "$work/full.log")" '^no space left on the disk of '

exit "$failed"
