"""Which tests run in `//...`, and which only in the suite `//:nightly`."""

# The architectures whose programs, packages and images //... tests: those of machines that run the tests. Compiling
# Go's standard library for the six others takes longer than all other compilation.
TESTED = ["amd64", "arm64"]

# The tags of a test that is not in //... but in the suite //:nightly.
NIGHTLY = ["manual", "nightly"]

def test_sets(architectures):
    """The two forms of a test of several architectures, for a list comprehension.

    Args:
        architectures: all that the test has in the nightly suite, as OCI names them.

    Returns:
        a list of structs: the test's name ends in `suffix`, its tags contain `tags`, and it tests `architectures`
    """
    return [
        struct(suffix = "_test", tags = [], architectures = [each for each in architectures if each in TESTED]),
        struct(suffix = "_nightly_test", tags = NIGHTLY, architectures = list(architectures)),
    ]
