"""A layer that installs the wrapper over any image that has iptables."""

load("//wrapper:architectures.bzl", "wrapper_binary")

def _wrapper_layer_impl(ctx):
    layer = ctx.actions.declare_file(ctx.label.name + ".tar.gz")
    args = ctx.actions.args()
    args.add("--output", layer)
    args.add("--wrapper", ctx.file.wrapper)
    direct = [ctx.file.wrapper]
    transitive = []
    if ctx.attr.base:
        args.add("--base", ctx.file.base.path)
        direct.append(ctx.file.base)

        # In an image of rules_oci, blobs can be symlinks to blobs of the base image.
        transitive.append(ctx.attr.base[DefaultInfo].default_runfiles.files)
    if ctx.attr.nft_only:
        args.add("--nft-only")
    if ctx.file.installer:
        args.add("--installer", ctx.file.installer)
        direct.append(ctx.file.installer)
    ctx.actions.run(
        executable = ctx.executable._wrapperlayer,
        arguments = [args],
        inputs = depset(direct, transitive = transitive),
        outputs = [layer],
        mnemonic = "WrapperLayer",
        progress_message = "Installing the wrapper for %{label}",
    )
    return [DefaultInfo(files = depset([layer]))]

_wrapper_layer = rule(
    implementation = _wrapper_layer_impl,
    attrs = {
        "base": attr.label(allow_single_file = True),
        "installer": attr.label(allow_single_file = True),
        "nft_only": attr.bool(),
        "wrapper": attr.label(mandatory = True, allow_single_file = True, cfg = "target"),
        "_wrapperlayer": attr.label(default = "//tools/wrapperlayer", executable = True, cfg = "exec"),
    },
    # The installer resolves symlinks inside an unpacked root, which needs Linux's system calls.
    exec_compatible_with = ["@platforms//os:linux"],
)

def iptables_wrapper_layer(name, base, architecture = None, nft_only = False, **kwargs):
    """Makes a layer that installs the wrapper over an image. The build executes no file of the image.

    The layer contains what `iptables-wrapper install --root` changes in the unpacked image: the wrapper beside both
    modes' binaries, the six command names as symlinks to it, and the entries of the distribution's alternatives
    database, if there is one. It contains no directories of the base, so a merged /usr does not change.

    The build fails with the installer's one-line reason if the base lacks a mode, has an iptables older than 1.8.4, or
    is for another architecture. Set `nft_only = True` for a base with the nft variant only, for example because its
    distribution has no legacy variant (RHEL since 8). On a host in legacy mode, the rules of such an image go into nft.

    The layer is built on Linux, or by a Linux worker (`--extra_execution_platforms`). On another system without such a
    worker, Bazel reports `Unable to find an execution platform`. All code is Go without C, so no compiler is needed. The
    wrapper is always built with the Go release that this module names, because this module's tests use that release.

    Example, over an image from a registry:

    ```starlark
    # MODULE.bazel
    bazel_dep(name = "iptables_wrappers", version = "1.0.0")
    bazel_dep(name = "rules_oci", version = "2.3.0")

    oci = use_extension("@rules_oci//oci:extensions.bzl", "oci")
    oci.pull(
        name = "my_base",
        digest = "sha256:...",
        image = "registry.example/team/iptables",
        platforms = [
            "linux/amd64",
            "linux/arm64",
        ],
    )
    use_repo(oci, "my_base", "my_base_linux_amd64", "my_base_linux_arm64")
    ```

    ```starlark
    # BUILD.bazel
    load("@iptables_wrappers//:defs.bzl", "iptables_wrapper_layer")
    load("@rules_oci//oci:defs.bzl", "oci_image")

    iptables_wrapper_layer(
        name = "wrapper",
        base = "@my_base",
    )

    oci_image(
        name = "image",
        base = "@my_base",
        tars = [":wrapper"],
    )
    ```

    `@my_base` is the image for the target platform. `@my_base_linux_arm64` is the arm64 image on every target platform,
    and needs `architecture = "arm64"`. For ppc64le and riscv64, use these names, too: the `@my_base` of rules_oci 2.3.0
    does not select riscv64, and selects ppc64le on `@platforms//cpu:ppc`.

    loong64 needs `go_deps.gazelle_override(path = "golang.org/x/sys", directives = ["gazelle:build_tags loong64"])` in the
    root module, because Gazelle does not know this architecture and leaves out its files.

    Args:
        name: name of the layer. The file is NAME.tar.gz.
        base: label of the image for one platform, as an OCI layout directory. `oci_image` and `oci.pull` make one.
        architecture: OCI architecture of the base, such as "arm64" or "arm/v7". None means that of the target platform.
        nft_only: True if the base intentionally has no legacy variant. The build then fails if it has one.
        **kwargs: attributes that every rule has.
    """
    _wrapper_layer(name = name, base = base, nft_only = nft_only, wrapper = wrapper_binary(architecture), **kwargs)

def iptables_wrapper_installer_layer(name, architecture = None, **kwargs):
    """Makes a layer with the wrapper and its installer script in the root directory. A container then runs the script.

    Args:
        name: name of the layer. The file is NAME.tar.gz.
        architecture: as in `iptables_wrapper_layer`.
        **kwargs: attributes that every rule has.
    """
    _wrapper_layer(
        name = name,
        installer = Label("//installer:iptables-wrapper-installer.sh"),
        wrapper = wrapper_binary(architecture),
        **kwargs
    )
