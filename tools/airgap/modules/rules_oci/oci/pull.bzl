"""oci_pull needs a container registry, which an air-gapped build does not have."""

def pull_unavailable(name):
    """What every use of a pulled image says.

    Args:
        name: name of the pulled image.

    Returns:
        The message.
    """
    return ("image '{}' would be pulled from a container registry, which an air-gapped build cannot reach: " +
            "build it from packages, or build with a network connection (AIRGAP=0).").format(name)

# The real macro's parameters are all accepted: the answer is the same for each.
def oci_pull(name, **_kwargs):
    """Fails, with the reason.

    Args:
        name: name of the image.
        **_kwargs: parameters of the real oci_pull.
    """
    fail(pull_unavailable(name))
