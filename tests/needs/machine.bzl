"""Detects which programs and privileges are available on the machine that runs the tests.

If a test skips itself while it runs, Bazel records a pass. A remote cache would then give this pass to machines that could
run the test. So Bazel must know before the test what is missing. A test names its needs in target_compatible_with:

    target_compatible_with = [
        "@machine//:root",
        "@machine//:rpm",
    ],

If the machine lacks one of them, Bazel's summary shows the test as SKIPPED. These are only labels, without a load statement, because
builds of other modules also read the BUILD files of the wrapper and the installer, and do not have this repository.
needs.go uses the same names in Go.
"""

# The directories of --test_env=PATH in .bazelrc, where tests search for programs.
_PATH = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]

# Programs, with the Debian package that contains each. No Debian package contains alternatives (chkconfig's), apk
# (Alpine's) or node-problem-detector. ./bazelw doctor also reads these lines.
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

# Every platform has the default value of a setting.
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
    for directory in _PATH:
        if rctx.path(directory + "/" + program).exists:
            return rctx.execute([directory + "/" + program] + list(arguments)).stdout
    return ""

def _machine_impl(rctx):
    # Debian's later releases omit "-static" from the name of a static emulator.
    facts = {
        program: bool([
            directory
            for directory in _PATH
            if rctx.path(directory + "/" + program).exists or rctx.path(directory + "/" + program.removesuffix("-static")).exists
        ])
        for program in _PROGRAMS
    } | {
        # True if apt-get has the solver of apt 3.1 and later. The previous solver chooses differently in some cases.
        "apt_solver_3": "3.0" in _output(rctx, "apt-config", "dump", "APT::Solver"),
        # False in a source archive and in a shallow clone, such as CI's. The option is for a checkout of another user.
        "git_history": rctx.workspace_root.get_child(".git").exists and _output(
            rctx,
            "git",
            "-c",
            "safe.directory=*",
            "-C",
            str(rctx.workspace_root),
            "rev-parse",
            "--is-shallow-repository",
        ) == "false\n",
        "kernel_without_modules": not rctx.path("/proc/modules").exists,
        "little_endian": rctx.os.arch in _LITTLE_ENDIAN,
        # Processes that bubblewrap starts, as in the air-gapped build, get no file capabilities.
        "new_privileges": "NoNewPrivs:\t0" in rctx.execute(["cat", "/proc/self/status"]).stdout,
        "root": rctx.execute(["id", "-u"]).stdout.strip() == "0",
        # True if a user namespace can have separate emulators (kernel 6.7 and later), and this machine permits it.
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

# Bazel evaluates this again whenever its server starts.
_machine = repository_rule(
    implementation = _machine_impl,
    configure = True,
    local = True,
)

def _machine_extension_impl(_):
    _machine(name = "machine")

machine = module_extension(
    implementation = _machine_extension_impl,
    doc = "Makes the repository machine: a constraint value for everything that a test can need of the machine.",
)
