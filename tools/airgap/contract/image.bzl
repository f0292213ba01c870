"""The image that two packages build: the same inputs must result in the same digest in any package."""

load("@rules_oci//oci:defs.bzl", "oci_image")

def contract_image(name, **kwargs):
    """Declares the image. Its base and layers are targets of tools/airgap/contract.

    Args:
        name: name of the image.
        **kwargs: attributes that every rule has.
    """
    oci_image(
        name = name,
        annotations = {"org.example.image": "a=b"},
        base = "//tools/airgap/contract:base",
        entrypoint = [
            "/image",
            "two words",
            "two\nlines",
        ],
        env = {
            "PATH": "/usr/local/bin:$PATH",
            "TWICE": "${KEPT}-${KEPT}",
        },
        exposed_ports = ["443/tcp"],
        labels = {"org.example.image": "a=b"},
        tars = [
            "//tools/airgap/contract:plain.tar",
            "//tools/airgap/contract:small.tar.zst",
        ],
        volumes = ["/logs"],
        workdir = "/work",
        **kwargs
    )
