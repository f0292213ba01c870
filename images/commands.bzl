"""Which configurations of container-structure-test name the commands of which image."""

load("//tools/wrappercheck:wrapper_structure_test.bzl", "wrapper_commands")

def command_tests(variant_name, variant):
    """Returns the configurations of the command tests of a variant's images.

    Args:
        variant_name: key of the distribution's variants.
        variant: its facts in images/private/variants.bzl.

    Returns:
        A dict of the part of an image's name, None for the image itself, to a list of labels.
    """
    own = "//images/" + variant_name + ":testdata/"
    return {
        None: [Label(own + "commands.yaml")] + wrapper_commands(variant.shell),
        "installer": [Label(own + "installer_commands.yaml")],
    }
