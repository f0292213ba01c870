"""What the machine that runs the tests has.

A test that finds something missing while it runs can only pass, and its pass, kept in a cache, would speak for machines that
have it. So Bazel is told beforehand: `needs` makes such a test incompatible, and Bazel's summary says SKIPPED.
"""

# Those of --test_env=PATH in .bazelrc, where tests find programs.
_PATH = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]

_PROGRAMS = [
    "dockerd",
    "podman",
    "runc",
    "shellcheck",
]

_NEEDS = """\
"What this machine lacks."

_MISSING = {missing}

def needs(*names):
    "For target_compatible_with: nothing if the machine has it all, else a constraint that says what it lacks."
    for name in names:
        if name not in {known}:
            fail("tests/node/machine.bzl does not look for " + name)
    return ["@machine//:lacks_" + name for name in names if name in _MISSING]
"""

_LACKS = """\
constraint_setting(name = "{name}")

constraint_value(
    name = "lacks_{name}",
    constraint_setting = ":{name}",
    visibility = ["//visibility:public"],
)
"""

def _machine_impl(rctx):
    known = ["root"] + _PROGRAMS
    missing = [
        program
        for program in _PROGRAMS
        if not [folder for folder in _PATH if rctx.path(folder + "/" + program).exists]
    ]
    if rctx.execute(["id", "-u"]).stdout.strip() != "0":
        missing.append("root")
    if missing:
        # buildifier: disable=print
        print("tests that need it are skipped: this machine has no " + ", no ".join(missing))
    rctx.file("needs.bzl", _NEEDS.format(known = repr(known), missing = repr(missing)))
    rctx.file("BUILD.bazel", "\n".join([_LACKS.format(name = name) for name in missing]))

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
    doc = "The repository machine: @machine//:needs.bzl.",
)
