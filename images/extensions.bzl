"""The packages of every locked release, as repositories.

`packages` makes one repository for each distribution, release and architecture. Bazel fetches it when it builds an image
of it. The hub `distro_packages` contains aliases: `@distro_packages//debian/trixie:amd64_distroless` is a filegroup of
the packages of one variant. For a release without a lock, the same targets exist but are incompatible with every
platform, so that Bazel skips its images and prints the reason.
"""

load("//images:distros.bzl", "DISTROS")
load("//images:names.bzl", "packages_target", "repository_name")
load("//tools/lock:packages.bzl", "never", "package_repository", "read_lock")

_ALIAS = """\
alias(
    name = "{name}",
    actual = "@{repository}//:{variant}",
    visibility = ["//visibility:public"],
)
"""

# A constraint that is not met if newer versions replace the locked packages. Bazel prints its name as the reason for
# skipping.
_SUCCEEDED = "versions_of_the_committed_lock"

_LOCKS = """\
# The releases that have a lock, as DISTRO/RELEASE.
LOCKED = {locked}

# Their OCI architectures whose packages can be fetched.
PACKAGED = {packaged}

_SUCCEEDED = {succeeded}

def as_committed(distro, release):
    "For target_compatible_with: empty if the packages are those of the committed lock, else a constraint with that name."
    return ["@distro_packages//:{constraint}"] if distro + "/" + release in _SUCCEEDED else []
"""

def _hub_impl(rctx):
    rctx.file("BUILD.bazel", never(_SUCCEEDED))
    rctx.file("locks.bzl", _LOCKS.format(
        constraint = _SUCCEEDED,
        locked = repr(rctx.attr.locked),
        packaged = repr(rctx.attr.packaged),
        succeeded = repr(rctx.attr.succeeded),
    ))
    for package, content in rctx.attr.packages.items():
        rctx.file(package + "/BUILD.bazel", content)
    for package, content in rctx.attr.locks.items():
        rctx.file(package + "/packages.lock.json", content)

_hub = repository_rule(
    implementation = _hub_impl,
    doc = "Names for the packages of every image.",
    attrs = {
        "locked": attr.string_list(doc = "the releases with a lock"),
        "locks": attr.string_dict(doc = "the locks themselves, by release"),
        "packaged": attr.string_list_dict(doc = "the releases with a lock, to the OCI architectures in it"),
        "packages": attr.string_dict(doc = "Bazel package to the text of its BUILD file"),
        "succeeded": attr.string_list(doc = "the locked releases whose packages are not those of the committed lock"),
    },
)

def _targets(distro, release):
    """Returns all (name, architecture, variant) of a release."""
    return [
        (packages_target(architecture, variant), architecture, variant)
        for architecture in DISTROS[distro].releases[release].architectures
        for variant in DISTROS[distro].variants
    ]

def _locked(distro, release, lock):
    text = []
    architectures = DISTROS[distro].releases[release].architectures
    for architecture, own_name in architectures.items():
        names = [
            (name, variant)
            for name, of, variant in _targets(distro, release)
            if of == architecture
        ]
        if own_name not in lock.architectures:
            remedy = "no_{}_in_the_lock_so_run_tools_lock_{}_{}".format(own_name, distro, release)
            text.append(never(remedy, [name for name, _ in names]))
            continue
        repository = repository_name(distro, release, architecture)
        package_repository(
            name = repository,
            packages = json.encode(lock.architectures[own_name]),
        )
        text += [_ALIAS.format(name = name, repository = repository, variant = variant) for name, variant in names]
    return "\n".join(text)

def _unlocked(distro, release, remedy):
    return never(remedy.format(distro, release), [name for name, _, _ in _targets(distro, release)])

def _packages_impl(mctx):
    hub = {}
    locked = []
    locks = {}
    packaged = {}
    succeeded = []
    for distro, entry in DISTROS.items():
        for release in entry.releases:
            name = distro + "/" + release
            lock = read_lock(mctx, "images", distro, release)
            if lock and lock.architectures:
                locked.append(name)
                locks[name] = lock.text
                packaged[name] = [
                    oci
                    for oci, own_name in entry.releases[release].architectures.items()
                    if own_name in lock.architectures
                ]
                hub[name] = 'exports_files(["packages.lock.json"])\n' + _locked(distro, release, lock)
                if not lock.committed:
                    succeeded.append(name)
            elif lock:
                # tools/lock, which wrote this empty lock, has printed the reason.
                hub[name] = _unlocked(distro, release, "left_the_mirror_so_run_tools_lock_{}_{}")
            else:
                hub[name] = _unlocked(distro, release, "no_lock_yet_so_run_tools_lock_{}_{}")
                if mctx.modules[0].is_root:
                    # Bazel's list of skipped tests does not contain the reason. Builds of other modules do not print
                    # it.
                    # buildifier: disable=print
                    print("images of {title} {release} are skipped: they have no lock; to make it: ./bazelw run //tools/lock -- {distro} {release}".format(
                        distro = distro,
                        release = release,
                        title = entry.title,
                    ))
    _hub(
        name = "distro_packages",
        locked = locked,
        locks = locks,
        packaged = packaged,
        packages = hub,
        succeeded = succeeded,
    )
    return mctx.extension_metadata(
        root_module_direct_deps = ["distro_packages"] if mctx.modules[0].is_root else [],
        root_module_direct_dev_deps = [],
        reproducible = True,
    )

packages = module_extension(
    implementation = _packages_impl,
    doc = "Makes repositories of all packages in images/*/*/packages.lock.json.",
)
