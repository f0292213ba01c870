"""Maps each image to the configurations of container-structure-test with its command tests."""

load("//tools/wrappercheck:wrapper_structure_test.bzl", "wrapper_commands")

def command_tests(variant_name, variant):
    """Returns the configurations of the command tests of a variant's images.

    Args:
        variant_name: key of the distribution's variants.
        variant: its facts in images/private/variants.bzl.

    Returns:
        A dict. Its keys are the parts of an image's name (see names.bzl); None is the image itself. Its values are lists of labels.
    """
    own = "//images/" + variant_name + ":testdata/"
    return {
        None: [Label(own + "commands.yaml")] + wrapper_commands(variant.shell),
        "installer": [Label(own + "installer_commands.yaml")],
    }
