#!/bin/sh
# Checks the fixture packages with the format's own tools: the tools accept them, unpack the same files as in the layer,
# and find the script that registers with the alternatives system.
#
# usage: packages_test.sh LAYER COMMAND PACKAGE...
set -eu

layer=$1 command=$2
shift 2
own=$TEST_TMPDIR/own ours=$TEST_TMPDIR/ours
mkdir "$own" "$ours"

fail() {
	echo "FAIL: $*"
	exit 1
}

# unpack PACKAGE: unpacks the package into $own and prints its scripts.
unpack() {
	case $1 in
	*.apk)
		# apk-tools is in no Debian package. Any tar program reads both streams of the format as one archive.
		tar -C "$own" -xzf "$1" --warning=no-unknown-keyword
		cat "$own/.post-install" 2>/dev/null || :
		rm -f "$own/.post-install" "$own/.PKGINFO"
		;;
	*.deb)
		dpkg-deb --extract "$1" "$own"
		dpkg-deb --ctrl-tarfile "$1" | tar -xO ./postinst 2>/dev/null || :
		;;
	*.rpm)
		rpm --checksig --nosignature "$1" >&2
		rpm --root "$own" --dbpath /rpmdb --nodeps --noscripts --nosignature --install "$1" >&2
		rpm --query --package --nosignature --scripts "$1"
		;;
	esac
}

scripts=
for package; do
	scripts=$scripts$(unpack "$package")
done
rm -rf "$own/rpmdb"
case $scripts in
*"$command"*) ;;
*) fail "no script runs: $command" ;;
esac

tar -C "$ours" -xzf "$layer"
find "$own" ! -type d >"$TEST_TMPDIR/list"
[ -s "$TEST_TMPDIR/list" ] || fail "nothing was unpacked"
while read -r file; do
	other=$ours${file#"$own"}
	if [ -L "$file" ]; then
		[ "$(readlink "$other")" = "$(readlink "$file")" ] || fail "$other leads to $(readlink "$other")"
	elif ! cmp -s "$file" "$other"; then
		fail "$other differs from $file"
	fi
	[ "$(stat -c %a "$file")" = "$(stat -c %a "$other")" ] || fail "$other has mode $(stat -c %a "$other")"
done <"$TEST_TMPDIR/list"
