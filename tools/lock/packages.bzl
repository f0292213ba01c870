"""What a lock becomes in Bazel: read by a module extension, a repository of package files for each architecture.

A lock is `FOLDER/DISTRO/RELEASE/packages.lock.json`, committed and made by tools/lock. Beside it there can be one of this
machine's own, `packages.lock.local.json`, made where a mirror no longer has what the committed one names (tools/airgap):
the successors of its packages, or nothing at all. It is used only where the environment says so.

The addresses of a Debian lock keep every version. Alpine's mirrors, and Fedora's repository updates, keep only the newest one, so the
download of an older Alpine or Fedora lock fails with 404: CONTRIBUTING.md, "Build an old commit", lists what to do.
"""

load(":mirrors.bzl", "MIRRORS", "mirrored")

# Set by what makes local locks.
_USE_LOCAL = "IPTABLES_WRAPPERS_LOCAL_LOCKS"

def read_lock(mctx, folder, distro, release):
    """Reads the lock of a release.

    Args:
        mctx: the extension's context; it is evaluated again when the lock changes.
        folder: of the checkout, with the table that the lock is for.
        distro: key of the table.
        release: of it.

    Returns:
        None without a lock, else a struct: `architectures`, a dict of the distribution's own names to packages (tools/lock/lockfile
        says what one is), empty if they cannot be had; `committed`, whether they are those of the committed lock; `text`, of the file.
    """
    home = mctx.path(Label("//:MODULE.bazel")).dirname.get_child(folder, distro, release)
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

# Bazel names the constraint that is not met when it is asked for the target itself, so the constraint says what to do.
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
    """The text of a BUILD file: a constraint that no platform meets, and targets that need it.

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
