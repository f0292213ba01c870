"""The kernels that the matrix boots, as repositories. Only this module's own tests need them.

If a kernel cannot be fetched, or the machine has no QEMU, the tests are incompatible with every platform: Bazel skips
them and prints the reason. The command for all other architectures omits those that cannot be fetched, and lists them
with the reason.
"""

load("//images:distros.bzl", IMAGE_DISTROS = "DISTROS")
load("//tools/lock:packages.bzl", "never", "package_repository", "read_lock")
load("//wrapper:architectures.bzl", "architecture_name")
load(":distros.bzl", "DISTROS", "IMAGES", "MACHINES")

_ALIAS = """\
alias(
    name = "{name}",
    actual = "@{repository}//:kernel",
    visibility = ["//visibility:public"],
)
"""

_DEFS = """\
# The releases with a kernel for amd64, oldest first.
RELEASES = {releases}

# The target_compatible_with of a target that runs on this machine.
REQUIRED = {required}

# Other OCI architectures whose packages can be fetched, to the kernels that execute their programs.
MACHINES = {machines}

# Architectures whose packages cannot be fetched, to the reason.
SKIPPED = {skipped}
"""

_NO_QEMU = "no_qemu_so_install_qemu_system_x86"

def _hub_impl(rctx):
    build = []
    for name, repository in rctx.attr.repositories.items():
        if repository:
            build.append(_ALIAS.format(name = name, repository = repository))
        else:
            release, _, architecture = name.partition("_")
            build.append(never("{}_left_the_mirror_so_run_tools_lock_folder_tests_kernels_debian_{}".format(architecture, release), [name]))
    required = ["@platforms//cpu:x86_64", "@platforms//os:linux"]
    if not rctx.which("qemu-system-x86_64"):
        # buildifier: disable=print
        print("tests/kernels is skipped: qemu-system-x86_64 is not in PATH; install Debian's package qemu-system-x86 or your distribution's")
        build.append(never(_NO_QEMU))
        required.append("@debian_kernels//:" + _NO_QEMU)
    rctx.file("BUILD.bazel", "\n".join(build))
    rctx.file("defs.bzl", _DEFS.format(
        machines = json.decode(rctx.attr.machines),
        releases = rctx.attr.releases,
        required = required,
        skipped = rctx.attr.skipped,
    ))

_hub = repository_rule(
    implementation = _hub_impl,
    doc = "Aliases of the kernels, and the constraints of the programs that boot them.",
    environ = ["PATH"],
    local = True,
    attrs = {
        "machines": attr.string(doc = "OCI architecture to the names of its kernels, JSON"),
        "releases": attr.string_list(doc = "the releases with a kernel for amd64"),
        "repositories": attr.string_dict(doc = "RELEASE_ARCHITECTURE to the repository of its packages, empty if they cannot be fetched"),
        "skipped": attr.string_dict(doc = "OCI architecture to the reason why it cannot be tested"),
    },
)

def _machines(mctx, repositories):
    """Sorts the other architectures into those whose packages can be fetched, and the others with a reason."""
    machines = {}
    skipped = {}
    images = read_lock(mctx, "images", "debian", IMAGES)
    for architecture, kernels in MACHINES.items():
        own_name = IMAGE_DISTROS["debian"].releases[IMAGES].architectures[architecture]
        names = [release + "_" + architecture_name(of) for release, of in kernels]
        lost = [name for name in names if not repositories[name]]
        if not images or own_name not in images.architectures:
            skipped[architecture] = "the packages of images/debian/{} for {} left the mirror".format(IMAGES, own_name)
        elif lost:
            skipped[architecture] = "packages of the kernels left the mirror: " + ", ".join(lost)
        else:
            machines[architecture] = names
    return machines, skipped

def _kernels_impl(mctx):
    repositories = {}
    for distro, entry in DISTROS.items():
        for release, facts in entry.releases.items():
            lock = read_lock(mctx, "tests/kernels", distro, release)
            for architecture, own_name in facts.architectures.items():
                name = release + "_" + architecture_name(architecture)
                repositories[name] = ""
                if own_name in lock.architectures:
                    repositories[name] = "{}_kernel_{}".format(distro, name)
                    package_repository(
                        name = repositories[name],
                        packages = json.encode(lock.architectures[own_name]),
                    )
    machines, skipped = _machines(mctx, repositories)
    _hub(
        name = "debian_kernels",
        machines = json.encode(machines),
        releases = DISTROS["debian"].releases.keys(),
        repositories = repositories,
        skipped = skipped,
    )
    return mctx.extension_metadata(
        reproducible = True,
        root_module_direct_deps = [],
        root_module_direct_dev_deps = ["debian_kernels"],
    )

kernels = module_extension(
    implementation = _kernels_impl,
    doc = "Makes repositories of the kernels in tests/kernels/*/*/packages.lock.json.",
)
