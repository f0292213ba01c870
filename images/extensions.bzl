"""The packages of every locked release, as repositories.

`packages` makes one repository per distribution, release and architecture, fetched when an image of it is built, and
the hub `distro_packages` over them: `@distro_packages//debian/trixie:amd64_distroless` is a filegroup of the packages
of one variant. A release of the table without a lock has the same targets, incompatible with every platform, so that
its images are skipped and Bazel says why.
"""

load("//images:distros.bzl", "DISTROS")
load("//images/private:names.bzl", "package_repository", "packages_target")

_FILES = """\
filegroup(
    name = "{name}",
    srcs = {files},
    visibility = ["//visibility:public"],
)
"""

def _file_name(package):
    return package["urls"][0].rpartition("/")[2]

def _package_repository_impl(rctx):
    packages = json.decode(rctx.attr.packages)
    pending = [
        rctx.download(
            url = package["urls"],
            output = _file_name(package),
            sha256 = package["sha256"],
            block = False,
        )
        for package in packages
    ]
    for download in pending:
        download.wait()
    variants = {}
    for package in packages:
        for variant in package["variants"]:
            variants.setdefault(variant, []).append(_file_name(package))
    rctx.file("BUILD.bazel", "\n".join([
        _FILES.format(name = variant, files = repr(variants[variant]))
        for variant in sorted(variants)
    ]))

_package_repository = repository_rule(
    implementation = _package_repository_impl,
    doc = "The package files of one architecture of one lock.",
    attrs = {
        "packages": attr.string(mandatory = True, doc = "the lock's packages of this architecture, JSON"),
    },
)

_ALIAS = """\
alias(
    name = "{name}",
    actual = "@{repository}//:{variant}",
    visibility = ["//visibility:public"],
)
"""

# Bazel names the constraint that is not met when it is asked for the target itself, so the constraint says what to do.
_MISSING = """\
constraint_setting(name = "lock")

constraint_value(
    name = "{remedy}",
    constraint_setting = ":lock",
)
"""

_MISSING_TARGET = """\
filegroup(
    name = "{name}",
    target_compatible_with = [":{remedy}"],
    visibility = ["//visibility:public"],
)
"""

_LOCKED = """\
# The releases that have a lock, as DISTRO/RELEASE.
LOCKED = {}
"""

def _hub_impl(rctx):
    rctx.file("BUILD.bazel")
    rctx.file("locks.bzl", _LOCKED.format(repr(rctx.attr.locked)))
    for package, content in rctx.attr.packages.items():
        rctx.file(package + "/BUILD.bazel", content)

_hub = repository_rule(
    implementation = _hub_impl,
    doc = "Names for the packages of every image.",
    attrs = {
        "locked": attr.string_list(doc = "the releases with a lock"),
        "packages": attr.string_dict(doc = "Bazel package to the text of its BUILD file"),
    },
)

def _targets(distro, release):
    """All (name, architecture, variant) of a release."""
    return [
        (packages_target(architecture, variant), architecture, variant)
        for architecture in DISTROS[distro].releases[release].architectures
        for variant in DISTROS[distro].variants
    ]

def _locked(distro, release, lock):
    architectures = DISTROS[distro].releases[release].architectures
    for architecture, own_name in architectures.items():
        _package_repository(
            name = package_repository(distro, release, architecture),
            packages = json.encode(lock["architectures"].get(own_name, [])),
        )
    return "\n".join([
        _ALIAS.format(name = name, repository = package_repository(distro, release, architecture), variant = variant)
        for name, architecture, variant in _targets(distro, release)
    ])

def _unlocked(distro, release):
    remedy = "no_lock_yet_so_run_tools_lock_" + distro + "_" + release
    return "\n".join([_MISSING.format(remedy = remedy)] + [
        _MISSING_TARGET.format(name = name, remedy = remedy)
        for name, _, _ in _targets(distro, release)
    ])

def _packages_impl(mctx):
    root = mctx.path(Label("//:MODULE.bazel")).dirname
    hub = {}
    locked = []
    for distro, entry in DISTROS.items():
        for release in entry.releases:
            path = root.get_child("images", distro, release, "packages.lock.json")
            mctx.watch(path)
            if path.exists:
                locked.append(distro + "/" + release)
                hub[distro + "/" + release] = _locked(distro, release, json.decode(mctx.read(path)))
            else:
                hub[distro + "/" + release] = _unlocked(distro, release)
                if mctx.modules[0].is_root:
                    # The reason that a list of skipped tests does not give. Nobody else's build says it.
                    # buildifier: disable=print
                    print("images of {} {} are skipped: they have no lock; to make it: ./bazelw run //tools/lock -- {} {}".format(
                        entry.title,
                        release,
                        distro,
                        release,
                    ))
    _hub(name = "distro_packages", packages = hub, locked = locked)
    return mctx.extension_metadata(
        root_module_direct_deps = ["distro_packages"] if mctx.modules[0].is_root else [],
        root_module_direct_dev_deps = [],
        reproducible = True,
    )

packages = module_extension(
    implementation = _packages_impl,
    doc = "Repositories of every package that images/*/*/packages.lock.json names.",
)
