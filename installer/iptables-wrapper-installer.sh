#!/bin/sh
# iptables-wrapper-installer.sh installs iptables-wrapper in this root file system, for example in a Dockerfile:
#
#   COPY iptables-wrapper iptables-wrapper-installer.sh /
#   RUN /iptables-wrapper-installer.sh
#
# Options:
#   --nft-only          accept an image without the legacy mode: every host must be in nft mode
#   --no-sanity-check   install without checking that calls can work (see: iptables-wrapper help)
#   --no-cleanup        do not remove this script and the copied binary
#
# `iptables-wrapper install` does the work. The script needs rm. It needs chmod only for a binary without execute permission,
# and readlink only if it is called through a symlink.

set -eu

# The second line of this file. A file with this line is a copy of this script, not a shell.
title='# iptables-wrapper-installer.sh installs iptables-wrapper in this root file system, for example in a Dockerfile:'

fail() {
    echo "iptables-wrapper-installer.sh: $2" >&2
    exit "$1"
}

# find_script sets script to the path of this file, without symlinks at its end, or to nothing if the shell reads the script
# from standard input or from an argument: then $0 is the shell.
find_script() {
    script=$0
    case $script in
        */*) ;;
        *) script=./$script ;;
    esac
    line=
    if [ -f "$script" ] && [ -r "$script" ]; then
        { read -r line && read -r line; } <"$script" || line=
    fi
    if [ "$line" != "$title" ]; then
        script=
        return
    fi
    while [ -h "$script" ]; do
        target=$(readlink "$script") || fail 1 "$script is a symlink and cannot be followed: call the script by its own path"
        case $target in
            /*) script=$target ;;
            *) script=${script%/*}/$target ;;
        esac
    done
}

# find_wrapper sets wrapper to the binary beside this script, otherwise to that in the working directory.
find_wrapper() {
    wrapper=./iptables-wrapper
    if [ -n "$script" ] && [ -f "${script%/*}/iptables-wrapper" ]; then
        wrapper=${script%/*}/iptables-wrapper
    fi
    [ -f "$wrapper" ] || fail 1 "no iptables-wrapper in ${script:+${script%/*}/ or in }the working directory: copy it beside this script"
    # ADD with a URL gives mode 0600.
    [ -x "$wrapper" ] || chmod a+rx "$wrapper" 2>/dev/null || :
    [ -x "$wrapper" ] || fail 1 "$wrapper has no execute permission, and it cannot be added: chmod +x it where you copy it from"
}

# clean_up removes this script, under the name by which it was called too, and the copied binary. A binary in the directory of
# the mode binaries is not a copy: it is the installed one.
clean_up() {
    for mode in "${wrapper%/*}"/xtables-*-multi "${wrapper%/*}"/iptables-nft "${wrapper%/*}"/iptables-legacy; do
        [ ! -e "$mode" ] || wrapper=
    done
    rm -f -- ${wrapper:+"$wrapper"} "$script" "$0" ||
        fail 1 "iptables-wrapper is installed, but the copied files cannot be removed: use --no-cleanup to leave them"
}

# All commands are in functions, so that a script that was only downloaded in part executes nothing.
main() {
    nft_only=
    sanity_check=
    cleanup=yes
    for option in "$@"; do
        case $option in
            --nft-only) nft_only=$option ;;
            --no-sanity-check) sanity_check=$option ;;
            --no-cleanup) cleanup= ;;
            *) fail 2 "$option: unknown option: use --nft-only, --no-sanity-check or --no-cleanup" ;;
        esac
    done
    find_script
    find_wrapper

    status=0
    "$wrapper" install ${nft_only:+"$nft_only"} ${sanity_check:+"$sanity_check"} || status=$?
    [ "$status" != 126 ] || fail 1 "$wrapper cannot be executed here: use the binary for this architecture, on a file system without the mount option noexec"
    [ "$status" = 0 ] || exit "$status"

    if [ -n "$cleanup" ] && [ -n "$script" ]; then
        clean_up
    fi
}

main "$@"
