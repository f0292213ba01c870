# shellcheck shell=sh disable=SC2154 # names set by main.sh and by the steps before
make_distdir() {
	distdir=$cache/distdir
	mkdir -p "$distdir"
}
