"""Which tests run in `//...`, and which only in the suite `//:nightly`."""

load("@distro_packages//:locks.bzl", "LOCKED")
load("//images:distros.bzl", "DISTROS")

# The architectures whose programs, packages and images //... tests: those of machines that run the tests. Compiling
# Go's standard library for the six others takes longer than all other compilation.
TESTED = ["amd64", "arm64"]

# The content of //:nightly: tests that take too long for //..., and suites of such tests.
NIGHTLY = [
    "//images:push_nightly_test",
    "//images:wrapper_nightly_test",
    "//packages:contents_nightly_test",
    "//tests/downstream:downstream_nightly_test",
    "//tests/emulation:emulation_nightly_test",
    "//tests/engines/docker:docker_nightly_test",
    "//tests/kernels:nightly",
    "//tools/release:release_nightly_test",
] + [
    "//images/{}:nightly".format(variant)
    for name, distro in DISTROS.items()
    for variant in distro.variants
    if [release for release in distro.releases if name + "/" + release in LOCKED]
]

def nightly_tags(name):
    """The tags of a test that is not in `//...` but in `//:nightly`. The package fails to load if that does not contain the test.

    Args:
        name: the test, or the suite of its package that contains it.

    Returns:
        a list of tags
    """
    label = "//{}:{}".format(native.package_name(), name)
    if label not in NIGHTLY:
        fail("{}: has the tags of //:nightly, which does not contain it: add it to NIGHTLY in images/nightly.bzl".format(label))
    return ["manual", "nightly"]  # manual: //... does not contain it

def test_sets(architectures, name):
    """The two forms of a test of several architectures, for a list comprehension.

    Args:
        architectures: all that the test has in the nightly suite, as OCI names them.
        name: the form for the nightly suite, as in nightly_tags.

    Returns:
        a list of structs: the test's name ends in `suffix`, its tags contain `tags`, and it tests `architectures`
    """
    return [
        struct(suffix = "_test", tags = [], architectures = [each for each in architectures if each in TESTED]),
        struct(suffix = "_nightly_test", tags = nightly_tags(name), architectures = list(architectures)),
    ]
