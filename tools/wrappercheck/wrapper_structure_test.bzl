"""Tests of an image in which the wrapper is installed."""

load("@container_structure_test//:defs.bzl", "container_structure_test")
load("//wrapper:architectures.bzl", "ARCHITECTURES")

def _files_test_impl(ctx):
    executable = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.symlink(output = executable, target_file = ctx.executable._wrappercheck, is_executable = True)

    # In an image of rules_oci, blobs can be symlinks to blobs of the base image.
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
    doc = "Tests that the wrapper is installed in each of the images. Executes no file of them, so any architecture works.",
    attrs = {
        "images": attr.label_list(mandatory = True, allow_files = True, allow_empty = False),
        "nft_only": attr.bool(doc = "whether the images intentionally have no legacy variant"),
        "_wrappercheck": attr.label(default = "//tools/wrappercheck", executable = True, cfg = config.exec("test")),
    },
    # Without a group of this name, Bazel 9 runs a test on a platform with the properties of the target platform, and
    # Bazel 9.0 to 9.2 cannot analyze the test if there is none. See https://github.com/bazelbuild/bazel/issues/25823.
    exec_groups = {"test": exec_group()},
    test = True,
)

def wrapper_commands(shell, nft_only = False):
    """Returns the configurations of a container_structure_test that runs all six commands in every mode of the image.

    Args:
        shell: True if the image has /bin/sh.
        nft_only: True if the image has no legacy variant.

    Returns:
        a list of labels
    """
    parts = ["", "_nft_only" if nft_only else "_legacy"]
    if shell and not nft_only:
        parts.append("_shell")
    return [Label("//tools/wrappercheck:wrapper_structure_test" + part + ".yaml") for part in parts]

def iptables_wrapper_structure_test(name, image, architecture = None, nft_only = False, shell = False, tags = [], **kwargs):
    """Tests that the wrapper is installed in an image, and that it executes the binaries of both modes.

    The suite contains two tests:

    - `NAME.files` executes no file of the image, so it tests images of every architecture. It checks that the six
      command names lead to one wrapper file, and that the wrapper and both modes' binaries are for the architecture in
      the image's configuration.
    - `NAME.commands` is a `container_structure_test` that runs all six commands in both modes. Like that rule, it needs
      Docker. With `shell`, Docker must allow privileged containers, because since 20.10 it has ignored the
      capabilities that container-structure-test requests. Bazel skips the test as incompatible if `architecture` is
      not that of the target platform. The test is tagged `no-remote`: its result depends on the kernel and the
      container engine of the machine, so it is neither run remotely nor taken from a remote cache.

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
        image: label of the image for one platform, as an OCI layout directory. `oci_image` makes one.
        architecture: OCI architecture of the image, such as "arm64" or "arm/v7". None means that of the target platform.
        nft_only: True if the image has no legacy variant (see `iptables_wrapper_layer`). The test then checks that all
            six commands use nft, and that a request for legacy fails.
        shell: True if the image has /bin/sh. The test then also creates kubelet's chain in each mode, and checks that
            the symlinks are repointed to that mode. This needs a kernel with both backends. With `nft_only`, there is
            nothing to choose, and `shell` adds no command.
        tags: tags of the suite and of both tests.
        **kwargs: attributes that every test has (size, timeout, visibility, ...), for both tests.
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
