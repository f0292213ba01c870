"""A repository with this module's files as other modules get them, for a test that builds with the module.

The test must run again if, and only if, one of the files changes. Bazel cannot list the files of all packages. So a
repository packs them into one archive, and watches their directories to update it. The repository also contains the
user's bazel, because a test does not have the user's PATH.
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

_DIRECTORIES = [
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
    for directory in _DIRECTORIES:
        rctx.watch_tree(root.get_child(directory))

    # The files are copied one by one, because a Bazel that ran in the directory left symlinks that lead back to it.
    for file in root.get_child(_WORKSPACE).readdir(watch = "yes"):
        if not file.basename.startswith("bazel-"):
            rctx.watch(file)
    result = rctx.execute(
        ["tar", "--create", "--file=module.tar", "--directory=" + str(root)] +
        ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner", "--exclude=bazel-*"] +
        _FILES + _DIRECTORIES + [_WORKSPACE],
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
    doc = "Makes the repository module_under_test: this module as other modules get it.",
)
