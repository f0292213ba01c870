"""Tests of //wrapper:version. They run during analysis, and build nothing."""

load("@bazel_skylib//lib:unittest.bzl", "analysistest", "asserts", "loadingtest")
load("//wrapper:version.bzl", "default_version")

_VERSION = "v98.76.54-rc.1"

def _linked_impl(ctx):
    env = analysistest.begin(ctx)
    links = [action for action in analysistest.target_actions(env) if action.mnemonic == "GoLink"]
    asserts.equals(env, 1, len(links), "a program is linked once")
    asserts.true(
        env,
        "main.version=" + ctx.attr.version in links[0].argv,
        "the linker flags do not set version {}: {}".format(ctx.attr.version, links[0].argv),
    )
    return analysistest.end(env)

_released_test = analysistest.make(
    _linked_impl,
    attrs = {"version": attr.string()},
    config_settings = {str(Label("//wrapper:version")): _VERSION},
)

_unreleased_test = analysistest.make(
    _linked_impl,
    attrs = {"version": attr.string()},
    config_settings = {str(Label("//wrapper:version")): "devel"},
)

def _refused_impl(ctx):
    env = analysistest.begin(ctx)
    asserts.expect_failure(env, "version \"1.2\": must be vMAJOR.MINOR.PATCH")
    return analysistest.end(env)

_refused_test = analysistest.make(
    _refused_impl,
    expect_failure = True,
    config_settings = {str(Label("//wrapper:version")): "1.2"},
)

def version_tests(name, program):
    """Declares the tests, and the suite of them.

    Args:
        name: name of the suite.
        program: label of the wrapper.
    """
    defaults = loadingtest.make(name + "_defaults")
    for module_version, want in {
        "": "devel",
        "0.0.0": "devel",
        "1.2.3": "v1.2.3",
    }.items():
        loadingtest.equals(defaults, "of_" + (module_version or "none"), want, default_version(module_version))
    _released_test(
        name = name + "_released_test",
        target_under_test = program,
        version = _VERSION,
    )
    _unreleased_test(
        name = name + "_unreleased_test",
        target_under_test = program,
        version = "devel",
    )
    _refused_test(
        name = name + "_refused_test",
        target_under_test = "//wrapper:version",
    )
