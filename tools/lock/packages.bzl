"""Reads locks, and makes a repository of package files for each architecture. Module extensions use it.

A lock is `DIRECTORY/DISTRO/RELEASE/packages.lock.json`, made by tools/lock and committed. If a mirror lacks packages of the
committed lock, tools/airgap makes a local one beside it, `packages.lock.local.json`. It contains the successors of the
packages, or no packages. It is used only if the environment variable IPTABLES_WRAPPERS_LOCAL_LOCKS is set.

The addresses of a Debian lock keep every version. Alpine's mirrors, and Fedora's repository updates, keep only the newest one, so the
download of an older Alpine or Fedora lock fails with 404: CONTRIBUTING.md, "Build an old commit", lists what to do.
"""

load(":mirrors.bzl", "MIRRORS", "mirrored")

# A build that uses local locks sets it.
_USE_LOCAL = "IPTABLES_WRAPPERS_LOCAL_LOCKS"

def read_lock(mctx, directory, distro, release):
    """Reads the lock of a release.

    Args:
        mctx: the extension's context; it is evaluated again when the lock changes.
        directory: directory of the checkout that contains the lock's table.
        distro: key of the table.
        release: release in the table.

    Returns:
        None without a lock, otherwise a struct. `architectures` is a dict of the distribution's own names to packages (see
        tools/lock/lockfile), empty if none are available. `committed` is true for the committed lock. `text` is the file's text.
    """
    home = mctx.path(Label("//:MODULE.bazel")).dirname.get_child(directory, distro, release)
    names = ["packages.lock.local.json"] if mctx.getenv(_USE_LOCAL) else []
    for name in names + ["packages.lock.json"]:
        path = home.get_child(name)
        mctx.watch(path)
        if path.exists:
            text = mctx.read(path)
            return struct(
                architectures = json.decode(text)["architectures"],
                committed = name not in names,
                text = text,
            )
    return None

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
            url = mirrored(package["urls"], rctx.getenv(MIRRORS, "")),
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

package_repository = repository_rule(
    implementation = _package_repository_impl,
    doc = "The package files of one architecture of one lock: a filegroup for each variant.",
    attrs = {
        "packages": attr.string(mandatory = True, doc = "the lock's packages of this architecture, JSON"),
    },
)

# Bazel prints the unmet constraint if a user builds the target itself. So the constraint's name is the remedy.
_NEVER = """\
constraint_setting(name = "setting_{remedy}")

constraint_value(
    name = "{remedy}",
    constraint_setting = ":setting_{remedy}",
    visibility = ["//visibility:public"],
)
"""

_MISSING_TARGET = """\
filegroup(
    name = "{name}",
    target_compatible_with = [":{remedy}"],
    visibility = ["//visibility:public"],
)
"""

def never(remedy, names = []):
    """Returns the text of a BUILD file: a constraint that no platform meets, and targets that need it.

    Args:
        remedy: the constraint's name, which says what to do: Bazel prints it.
        names: of the targets.

    Returns:
        The text.
    """
    return "\n".join([_NEVER.format(remedy = remedy)] + [
        _MISSING_TARGET.format(name = name, remedy = remedy)
        for name in names
    ])
