"""Tests of mirrors.bzl, while Bazel loads and analyses: nothing is built for them."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts", "loadingtest")
load(":mirrors.bzl", "mirrored")

_DEBIAN = [
    "https://snapshot.debian.org/archive/debian/20260801T220000Z/pool/a.deb",
    "https://ftp.debian.org/debian/pool/a.deb",
]
_SECURITY = [
    "https://snapshot.debian.org/archive/debian-security/20260801T220000Z/pool/a.deb",
    "https://security.debian.org/debian-security/pool/a.deb",
]
_ALPINE = ["https://dl-cdn.alpinelinux.org/alpine/v3.24/main/x86_64/a.apk"]
_FEDORA = [
    "https://dl.fedoraproject.org/pub/fedora/linux/releases/43/a.rpm",
    "https://archives.fedoraproject.org/pub/archive/fedora/linux/releases/43/a.rpm",
]
_SECONDARY = [
    "https://dl.fedoraproject.org/pub/fedora-secondary/releases/43/a.rpm",
    "https://archives.fedoraproject.org/pub/archive/fedora-secondary/releases/43/a.rpm",
]

# The setting, the addresses in a lock, and the addresses that are used before them.
_CASES = [
    ("", _DEBIAN, []),
    ("alpine=http://m/alpine", _DEBIAN, []),
    ("debian=http://m/debian/", _DEBIAN, ["http://m/debian/pool/a.deb"]),
    ("debian=http://m/debian", _SECURITY, ["http://m/debian-security/pool/a.deb"]),
    ("debian=http://m/debian  debian-security=http://s/x", _SECURITY, ["http://s/x/pool/a.deb"]),
    ("fedora=http://m/linux alpine=http://m/alpine", _ALPINE, ["http://m/alpine/v3.24/main/x86_64/a.apk"]),
    ("fedora=http://m/linux", _FEDORA, ["http://m/linux/releases/43/a.rpm"]),
    ("fedora=http://m/pub/fedora/linux", _SECONDARY, ["http://m/pub/fedora-secondary/releases/43/a.rpm"]),
]

_mirrored = rule(
    implementation = lambda ctx: [DefaultInfo()] if mirrored(_ALPINE, ctx.attr.setting) else [],
    attrs = {"setting": attr.string()},
)

def _refused_impl(ctx):
    env = analysistest.begin(ctx)
    asserts.expect_failure(env, "{}: want NAME=ADDRESS".format(ctx.attr.setting))
    return analysistest.end(env)

_refused_test = analysistest.make(
    _refused_impl,
    attrs = {"setting": attr.string()},
    expect_failure = True,
)

def mirrors_tests(name):
    """Declares the tests.

    Args:
        name: first part of their names.
    """
    loadingtest.equals(
        loadingtest.make(name),
        "addresses",
        [(setting, first + urls) for setting, urls, first in _CASES],
        [(setting, mirrored(urls, setting)) for setting, urls, _ in _CASES],
    )
    for case, setting in {
        "no_name": "http://m/debian",
        "unknown": "suse=http://m/suse",
        "empty": "alpine=",
    }.items():
        _mirrored(
            name = "{}_{}".format(name, case),
            setting = setting,
            tags = ["manual"],  # the test below requires it to fail, so it is not in //...
        )
        _refused_test(
            name = "{}_{}_test".format(name, case),
            setting = setting,
            target_under_test = "{}_{}".format(name, case),
        )
