"""Tests of an image that the wrapper is installed in."""

load("@container_structure_test//:defs.bzl", "container_structure_test")
load("//images/private:wrapper_layer.bzl", "ARCHITECTURES")

def _files_test_impl(ctx):
    executable = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.symlink(output = executable, target_file = ctx.executable._wrappercheck, is_executable = True)

    # The blobs of an image of rules_oci can be links to those of the image below.
    runfiles = ctx.runfiles(ctx.files.images).merge_all([image[DefaultInfo].default_runfiles for image in ctx.attr.images])
    return [
        DefaultInfo(
            executable = executable,
            runfiles = runfiles.merge(ctx.attr._wrappercheck[DefaultInfo].default_runfiles),
        ),
        RunEnvironmentInfo(environment = {
            "IMAGES": "\n".join([image.short_path for image in ctx.files.images]),
            "NFT_ONLY": "1" if ctx.attr.nft_only else "",
        }),
    ]

wrapper_files_test = rule(
    implementation = _files_test_impl,
    doc = "Tests that the wrapper is installed in each of some images, whatever their architectures; runs nothing of them.",
    attrs = {
        "images": attr.label_list(mandatory = True, allow_files = True, allow_empty = False),
        "nft_only": attr.bool(doc = "whether the images have no legacy variant, on purpose"),
        "_wrappercheck": attr.label(default = "//tools/wrappercheck", executable = True, cfg = "exec"),
    },
    test = True,
)

def wrapper_commands(shell, nft_only = False):
    """Configurations of a container_structure_test that runs all six commands in every mode the image has.

    Args:
        shell: True if the image has /bin/sh.
        nft_only: True if the image has no legacy variant.

    Returns:
        a list of labels
    """
    parts = ["", "_nft_only" if nft_only else "_legacy"]
    if shell and not nft_only:
        parts.append("_shell")
    return [Label("//images/private:wrapper_structure_test" + part + ".yaml") for part in parts]

def iptables_wrapper_structure_test(name, image, architecture = None, nft_only = False, shell = False, tags = [], **kwargs):
    """Tests that the wrapper is installed in an image, and that it becomes either mode.

    It is a suite of two tests:

    - `NAME.files` runs nothing of the image, and so tests images of every architecture: the six command names lead to
      one wrapper file, the wrapper and both modes' binaries are for the architecture in the image's configuration.
    - `NAME.commands` is a `container_structure_test` that runs all six commands in both modes. It needs what that rule
      needs (Docker, and with `shell` one that may run privileged containers: Docker has ignored the capabilities that
      container-structure-test asks for since 20.10), and is skipped as incompatible when `architecture` is not the target
      platform's. It is tagged `no-remote`: what it says is true of the machine that ran it, of its kernel and its engine, so
      it is never run elsewhere, nor its result taken from a remote cache.

    Example:

    ```starlark
    iptables_wrapper_structure_test(
        name = "image_test",
        image = ":image",
        shell = True,
    )
    ```

    Args:
        name: name of the suite, and the first part of its tests' names.
        image: label of the image, an OCI layout directory as `oci_image` makes it, of one platform.
        architecture: OCI architecture of the image, such as "arm64" or "arm/v7". None is that of the target platform.
        nft_only: True if the image has no legacy variant, as `iptables_wrapper_layer` can be told: then all six commands are
            held to nft alone, and legacy to be asked for in vain.
        shell: True if the image has /bin/sh. Then the commands also make kubelet's chain in each mode, and the links
            must be repointed to that mode. Needs a kernel with both backends. With
            nft_only there is nothing to choose, and no command more.
        tags: tags of the suite and of both tests.
        **kwargs: attributes every test has (size, timeout, visibility, ...), for both tests.
    """
    if architecture == None:
        platform = select(
            {Label(cpu): "linux/" + known for known, cpu in ARCHITECTURES.items()},
            no_match_error = "the wrapper is built for linux on " + ", ".join(ARCHITECTURES),
        )
        compatible = []
    elif architecture in ARCHITECTURES:
        platform = "linux/" + architecture
        compatible = [Label(ARCHITECTURES[architecture])]
    else:
        fail("architecture = {}: the wrapper is built for {}".format(repr(architecture), ", ".join(ARCHITECTURES)))
    wrapper_files_test(
        name = name + ".files",
        images = [image],
        nft_only = nft_only,
        tags = tags,
        **kwargs
    )
    container_structure_test(
        name = name + ".commands",
        configs = wrapper_commands(shell, nft_only),
        image = image,
        platform = platform,
        tags = tags + ["no-remote"],
        target_compatible_with = compatible,
        **kwargs
    )
    native.test_suite(
        name = name,
        tags = tags,
        tests = [name + ".files", name + ".commands"],
        visibility = kwargs.get("visibility"),
    )
