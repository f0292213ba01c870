"""This module as other modules get it, for a test that builds with it.

Bazel cannot list the files of all packages, and a test must run again whenever one of them changes, and only then. So a
repository packs them into one archive, and Bazel's watch on their folders makes it again. The Bazel that the user runs
comes with it, since PATH is not the user's in a test.
"""

# The files that another module's build may need. Tests and documentation are missing, so that nothing public can depend
# on them.
_FILES = [
    ".bazelignore",
    ".bazelversion",
    "BUILD.bazel",
    "MODULE.bazel",
    "defs.bzl",
    "go.mod",
    "go.sum",
]

_FOLDERS = [
    "images",
    "installer",
    "tools",
    "wrapper",
]

# A separate workspace that uses this module.
_WORKSPACE = "tests/downstream/workspace"

_BUILD = """\
exports_files(["bazel", "downstream.bazelrc", "module.tar"], visibility = ["//visibility:public"])
"""

def _module_under_test_impl(rctx):
    root = rctx.path(Label("//:MODULE.bazel")).dirname
    for file in _FILES:
        rctx.watch(root.get_child(file))
    for folder in _FOLDERS:
        rctx.watch_tree(root.get_child(folder))

    # The files are copied one by one, because a Bazel that ran in the directory left symlinks that lead back to it.
    for file in root.get_child(_WORKSPACE).readdir(watch = "yes"):
        if not file.basename.startswith("bazel-"):
            rctx.watch(file)
    result = rctx.execute(
        ["tar", "--create", "--file=module.tar", "--directory=" + str(root)] +
        ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner", "--exclude=bazel-*"] +
        _FILES + _FOLDERS + [_WORKSPACE],
    )
    if result.return_code != 0:
        fail("packing the module: " + result.stderr)
    bazel = rctx.which("bazelisk") or rctx.which("bazel")
    if not bazel:
        fail("neither bazelisk nor bazel is in PATH")
    rctx.symlink(bazel, "bazel")
    rctx.symlink(root.get_child(_WORKSPACE, ".bazelrc"), "downstream.bazelrc")
    rctx.file("BUILD.bazel", _BUILD)

_module_under_test = repository_rule(
    implementation = _module_under_test_impl,
    doc = "module.tar with this module's files, and the user's bazel.",
    environ = ["PATH"],
)

def _downstream_impl(mctx):
    _module_under_test(name = "module_under_test")
    return mctx.extension_metadata(
        reproducible = True,
        root_module_direct_deps = [],
        root_module_direct_dev_deps = ["module_under_test"],
    )

downstream = module_extension(
    implementation = _downstream_impl,
    doc = "The repository module_under_test: this module as other modules get it.",
)
