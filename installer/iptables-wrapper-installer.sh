#!/bin/sh
# Puts iptables-wrapper in place in this root file system, in a Dockerfile for example:
#
#   COPY iptables-wrapper iptables-wrapper-installer.sh /
#   RUN /iptables-wrapper-installer.sh
#
# Options:
#   --nft-only          the image has no legacy variant on purpose: every host is in nft mode
#   --no-sanity-check   install even what might not work (see: iptables-wrapper help)
#   --no-cleanup        leave this script and the copied binary where they are
#
# All that it does is done by `iptables-wrapper install`. It needs rm, and no other program.

set -eu

usage() {
    echo "iptables-wrapper-installer.sh: $1: only --nft-only, --no-sanity-check and --no-cleanup are known" >&2
    exit 2
}

# Everything is inside a function: half a script, from a download cut short, does nothing.
main() {
    nft_only=
    sanity_check=
    cleanup=yes
    for option in "$@"; do
        case $option in
            --nft-only) nft_only=$option ;;
            --no-sanity-check) sanity_check=$option ;;
            --no-cleanup) cleanup= ;;
            *) usage "$option" ;;
        esac
    done

    # Beside this script, however it was called; else in the working directory.
    case $0 in
        */*) directory=${0%/*}/ ;;
        *) directory=./ ;;
    esac
    wrapper=${directory}iptables-wrapper
    if [ ! -f "$wrapper" ]; then
        wrapper=./iptables-wrapper
    fi
    if [ ! -f "$wrapper" ]; then
        echo "iptables-wrapper-installer.sh: no iptables-wrapper in ${directory} nor here: copy it beside this script" >&2
        exit 1
    fi

    "$wrapper" install ${nft_only:+"$nft_only"} ${sanity_check:+"$sanity_check"}

    if [ -n "$cleanup" ]; then
        # Never the installed wrapper itself, should this script stand beside the mode binaries.
        for modes in "${wrapper%/*}"/xtables-*-multi; do
            [ ! -e "$modes" ] || wrapper=
        done
        if [ -n "$wrapper" ]; then
            rm -f -- "$wrapper"
        fi
        if [ -f "$0" ]; then
            rm -f -- "$0"
        fi
    fi
}

main "$@"
