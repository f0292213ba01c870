"""The kernels that the matrix boots, as repositories. Only this module's own tests need them.

A kernel that no address has any more, and a machine without QEMU, leave the tests incompatible with every platform: they
are skipped, and Bazel says why.
"""

load(":distros.bzl", "DISTROS")

_PACKAGES = """\
filegroup(
    name = "packages",
    srcs = {files},
    visibility = ["//visibility:public"],
)
"""

# Bazel names the constraint that is not met when it is asked for the target itself, so the constraint says what to do.
_NEVER = """\
constraint_setting(name = "never")

constraint_value(
    name = "{remedy}",
    constraint_setting = ":never",
    visibility = ["//visibility:public"],
)
"""

_LOST = """\
filegroup(
    name = "packages",
    target_compatible_with = [":{remedy}"],
    visibility = ["//visibility:public"],
)
"""

def _file_name(package):
    return package["urls"][0].rpartition("/")[2]

def _kernel_packages_impl(rctx):
    packages = json.decode(rctx.attr.packages)
    lost = [
        package
        for package in packages
        if not rctx.download(
            url = package["urls"],
            output = _file_name(package),
            sha256 = package["sha256"],
            allow_fail = True,
        ).success
    ]
    if lost:
        # buildifier: disable=print
        print("tests/kernels: {} {} cannot be had, its tests are skipped; for a newer lock: ./bazelw run //tools/lock -- -folder tests/kernels {}".format(
            lost[0]["name"],
            lost[0]["version"],
            rctx.attr.release,
        ))
        remedy = "lost_so_run_tools_lock_folder_tests_kernels_" + rctx.attr.release.replace(" ", "_")
        rctx.file("BUILD.bazel", _NEVER.format(remedy = remedy) + _LOST.format(remedy = remedy))
    else:
        rctx.file("BUILD.bazel", _PACKAGES.format(files = repr([_file_name(package) for package in packages])))

# Local: with each new server it is seen whether what was lost is back. What was had comes from Bazel's own cache.
_kernel_packages = repository_rule(
    implementation = _kernel_packages_impl,
    doc = "The package files of one kernel.",
    local = True,
    attrs = {
        "packages": attr.string(mandatory = True, doc = "the lock's packages, JSON"),
        "release": attr.string(mandatory = True, doc = "as tools/lock takes it, for people"),
    },
)

_ALIAS = """\
alias(
    name = "{name}",
    actual = "@{repository}//:packages",
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
    build = [
        _ALIAS.format(name = release, repository = repository)
        for release, repository in rctx.attr.repositories.items()
    ]
    required = ["@platforms//cpu:x86_64", "@platforms//os:linux"]
    if not rctx.which("qemu-system-x86_64"):
        # buildifier: disable=print
        print("tests/kernels is skipped: qemu-system-x86_64 is not in PATH; install Debian's package qemu-system-x86 or your distribution's")
        build.append(_NEVER.format(remedy = _NO_QEMU))
        required.append("@debian_kernels//:" + _NO_QEMU)
    rctx.file("BUILD.bazel", "\n".join(build))
    rctx.file("defs.bzl", _DEFS.format(releases = rctx.attr.repositories.keys(), required = required))

_hub = repository_rule(
    implementation = _hub_impl,
    doc = "Names for the kernels, and whether there is what boots them.",
    environ = ["PATH"],
    local = True,
    attrs = {
        "repositories": attr.string_dict(doc = "release to the repository of its packages"),
    },
)

def _kernels_impl(mctx):
    root = mctx.path(Label("//:MODULE.bazel")).dirname
    repositories = {}
    for distro, entry in DISTROS.items():
        for release in entry.releases:
            path = root.get_child("tests", "kernels", distro, release, "packages.lock.json")
            mctx.watch(path)
            lock = json.decode(mctx.read(path))
            repositories[release] = "{}_kernel_{}".format(distro, release)
            _kernel_packages(
                name = repositories[release],
                packages = json.encode(lock["architectures"]["amd64"]),
                release = distro + " " + release,
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
