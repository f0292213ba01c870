"""The kernels that the matrix boots, as repositories. Only this module's own tests need them.

A kernel that cannot be had, and a machine without QEMU, leave the tests incompatible with every platform: they are
skipped, and Bazel says why.
"""

load("//tools/lock:packages.bzl", "never", "package_repository", "read_lock")
load(":distros.bzl", "DISTROS")

_ALIAS = """\
alias(
    name = "{name}",
    actual = "@{repository}//:kernel",
    visibility = ["//visibility:public"],
)
"""

_DEFS = """\
# The releases whose kernels there are, oldest first.
RELEASES = {releases}

# What a target must be compatible with to be run here.
REQUIRED = {required}
"""

_NO_QEMU = "no_qemu_so_install_qemu_system_x86"

def _hub_impl(rctx):
    build = []
    for release, repository in rctx.attr.repositories.items():
        if repository:
            build.append(_ALIAS.format(name = release, repository = repository))
        else:
            build.append(never("left_the_mirror_so_run_tools_lock_folder_tests_kernels_debian_" + release, [release]))
    required = ["@platforms//cpu:x86_64", "@platforms//os:linux"]
    if not rctx.which("qemu-system-x86_64"):
        # buildifier: disable=print
        print("tests/kernels is skipped: qemu-system-x86_64 is not in PATH; install Debian's package qemu-system-x86 or your distribution's")
        build.append(never(_NO_QEMU))
        required.append("@debian_kernels//:" + _NO_QEMU)
    rctx.file("BUILD.bazel", "\n".join(build))
    rctx.file("defs.bzl", _DEFS.format(releases = rctx.attr.repositories.keys(), required = required))

_hub = repository_rule(
    implementation = _hub_impl,
    doc = "Names for the kernels, and whether there is what boots them.",
    environ = ["PATH"],
    local = True,
    attrs = {
        "repositories": attr.string_dict(doc = "release to the repository of its packages, empty if they cannot be had"),
    },
)

def _kernels_impl(mctx):
    repositories = {}
    for distro, entry in DISTROS.items():
        for release in entry.releases:
            lock = read_lock(mctx, "tests/kernels", distro, release)
            repositories[release] = ""
            if lock.architectures:
                repositories[release] = "{}_kernel_{}".format(distro, release)
                package_repository(
                    name = repositories[release],
                    packages = json.encode(lock.architectures["amd64"]),
                )
    _hub(name = "debian_kernels", repositories = repositories)
    return mctx.extension_metadata(
        reproducible = True,
        root_module_direct_deps = [],
        root_module_direct_dev_deps = ["debian_kernels"],
    )

kernels = module_extension(
    implementation = _kernels_impl,
    doc = "Repositories of the kernels that tests/kernels/*/*/packages.lock.json name.",
)
