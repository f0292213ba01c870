"""What the machine that runs the tests has.

A test that finds something missing while it runs can only pass, and its pass, kept in a cache, would speak for machines that
have it. So Bazel is told beforehand: a test names what it needs of the machine in target_compatible_with, as in

    target_compatible_with = [
        "@machine//:root",
        "@machine//:rpm",
    ],

and Bazel's summary says SKIPPED where the machine lacks it. Labels, and nothing to load: others' builds, which have no such
repository, read the BUILD files of the wrapper and the installer, too. The same names in Go: needs.go.
"""

# Those of --test_env=PATH in .bazelrc, where tests find programs.
_PATH = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]

# And the package of Debian's that has it: none has alternatives, which is chkconfig's, apk, which is Alpine's, or
# node-problem-detector. ./bazelw doctor reads these lines, too.
_PROGRAMS = {
    "alternatives": "",
    "apk": "",
    "apt-get": "apt",
    "bash": "bash",
    "busybox": "busybox",
    "bzip2": "bzip2",
    "cosign": "cosign",
    "createrepo_c": "createrepo-c",
    "curl": "curl",
    "dash": "dash",
    "dnf5": "dnf5",
    "dockerd": "docker.io",
    "dpkg-deb": "dpkg",
    "getcap": "libcap2-bin",
    "git": "git",
    "go": "golang-go",
    "gzip": "gzip",
    "jq": "jq",
    "make": "make",
    "node-problem-detector": "",
    "podman": "podman",
    "qemu-aarch64-static": "qemu-user-static",
    "rpm": "rpm",
    "rpmbuild": "rpm",
    "runc": "runc",
    "shellcheck": "shellcheck",
    "xz": "xz-utils",
    "zstd": "zstd",
}

_LITTLE_ENDIAN = ["aarch64", "amd64", "arm", "i386", "loongarch64", "ppc64le", "riscv64", "x86_64"]

# A setting's default value is one that every platform has.
_FACT = """\
constraint_setting(
    name = "{name}.setting",{default}
)

constraint_value(
    name = "{name}",
    constraint_setting = ":{name}.setting",
    visibility = ["//visibility:public"],
)
"""

def _output(rctx, program, *arguments):
    for folder in _PATH:
        if rctx.path(folder + "/" + program).exists:
            return rctx.execute([folder + "/" + program] + list(arguments)).stdout
    return ""

def _machine_impl(rctx):
    # Debian's later releases leave "-static" out of a static emulator's name.
    facts = {
        program: bool([
            folder
            for folder in _PATH
            if rctx.path(folder + "/" + program).exists or rctx.path(folder + "/" + program.removesuffix("-static")).exists
        ])
        for program in _PROGRAMS
    } | {
        # An apt-get whose solver is the one that apt has had since 3.1; the one before chooses otherwise in some cases.
        "apt_solver_3": "3.0" in _output(rctx, "apt-config", "dump", "APT::Solver"),
        "kernel_without_modules": not rctx.path("/proc/modules").exists,
        "little_endian": rctx.os.arch in _LITTLE_ENDIAN,
        # Processes that bubblewrap starts, as the air-gapped way does, get no file capabilities.
        "new_privileges": "NoNewPrivs:\t0" in rctx.execute(["cat", "/proc/self/status"]).stdout,
        "root": rctx.execute(["id", "-u"]).stdout.strip() == "0",
        # A kernel (6.7) and a machine on which a user namespace has emulators of its own.
        "user_binfmt_misc": rctx.execute([
            "unshare",
            "--user",
            "--map-root-user",
            "--mount",
            "sh",
            "-c",
            "mount -t binfmt_misc binfmt_misc /tmp || busybox mount -t binfmt_misc binfmt_misc /tmp",
        ]).return_code == 0,
    }
    missing = [name for name, has in facts.items() if not has]
    if missing:
        packages = [_PROGRAMS[name] for name in missing if _PROGRAMS.get(name)]

        # buildifier: disable=print
        print("tests that need it are skipped: this machine has no {}{} (./bazelw doctor)".format(
            ", no ".join(missing),
            "; Debian's packages: " + " ".join(packages) if packages else "",
        ))
    rctx.file("BUILD.bazel", "\n".join([
        _FACT.format(
            name = name,
            default = "\n    default_constraint_value = \":{}\",".format(name) if has else "",
        )
        for name, has in facts.items()
    ]))

# Looked at again whenever Bazel's server starts.
_machine = repository_rule(
    implementation = _machine_impl,
    configure = True,
    local = True,
)

def _machine_extension_impl(_):
    _machine(name = "machine")

machine = module_extension(
    implementation = _machine_extension_impl,
    doc = "The repository machine: a constraint value for each thing a test can need of the machine.",
)
