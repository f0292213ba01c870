"""The architectures that the wrapper is built for, and its binary for each of them."""

# OCI architecture to the CPU constraint of its platform.
ARCHITECTURES = {
    "386": "@platforms//cpu:x86_32",
    "amd64": "@platforms//cpu:x86_64",
    "arm/v7": "@platforms//cpu:armv7",
    "arm64": "@platforms//cpu:aarch64",
    "loong64": "@platforms//cpu:loongarch64",
    "ppc64le": "@platforms//cpu:ppc64le",
    "riscv64": "@platforms//cpu:riscv64",
    "s390x": "@platforms//cpu:s390x",
}

def architecture_name(architecture):
    """Returns an OCI architecture as part of a label: arm_v7 for arm/v7."""
    return architecture.replace("/", "_")

def wrapper_binary(architecture = None):
    """Returns the label of the wrapper's binary.

    Args:
        architecture: OCI architecture, such as "arm64" or "arm/v7". None means that of the target platform.

    Returns:
        a label, or a select of labels
    """
    if architecture == None:
        return select(
            {
                Label(cpu): Label("//wrapper:wrapper_" + architecture_name(known))
                for known, cpu in ARCHITECTURES.items()
            },
            no_match_error = "the wrapper is built for linux on " + ", ".join(ARCHITECTURES),
        )
    if architecture not in ARCHITECTURES:
        fail("architecture = {}: the wrapper is built for {}".format(repr(architecture), ", ".join(ARCHITECTURES)))
    return Label("//wrapper:wrapper_" + architecture_name(architecture))
