"""The programs that the tests run in every layout."""

load(":parts.bzl", "package")

# Each file has the same path as in Debian.
RUNTIME = package(
    "layout-runtime",
    "usr/bin",
    keep = [
        "usr/bin/cat",
        "usr/bin/dash",
        "usr/bin/env",
        "usr/bin/readlink",
        "usr/lib*/ld-linux*",
        "usr/lib/*/ld-linux*",
        "usr/lib/*/libc.so.6",
        "usr/lib/*/libip4tc.so.2*",
        "usr/lib/*/libip6tc.so.2*",
        "usr/lib/*/libmnl.so.0*",
        "usr/lib/*/libnftnl.so.11*",
        "usr/lib/*/libxtables.so.12*",
        "usr/lib/*/xtables/libxt_comment.so",
        "usr/lib/*/xtables/libxt_standard.so",
        "usr/lib/*/xtables/libxt_tcp.so",
    ],
    links = {"bin/sh": "/usr/bin/dash"},
    sources = [
        "coreutils",
        "dash",
        "iptables",
        "libc6",
        "libip4tc2",
        "libip6tc2",
        "libmnl0",
        "libnftnl11",
        "libxtables12",
    ],
)
