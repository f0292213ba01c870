"""A layer that installs the wrapper over any image that has iptables."""

load("//images/private:names.bzl", "architecture_name")

# OCI architecture to the constraints of the platform it is. The wrapper is built for these.
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

def wrapper_binary(architecture = None):
    """The label of the wrapper's binary.

    Args:
        architecture: OCI architecture, such as "arm64" or "arm/v7"; None is the target platform's.

    Returns:
        a label, or a select of labels
    """
    if architecture == None:
        return select(
            {
                Label(cpu): Label("//images/private:wrapper_" + architecture_name(known))
                for known, cpu in ARCHITECTURES.items()
            },
            no_match_error = "the wrapper is built for linux on " + ", ".join(ARCHITECTURES),
        )
    if architecture not in ARCHITECTURES:
        fail("architecture = {}: the wrapper is built for {}".format(repr(architecture), ", ".join(ARCHITECTURES)))
    return Label("//images/private:wrapper_" + architecture_name(architecture))

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

        # The blobs of an image of rules_oci can be links to those of the image below.
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
        "_wrapperlayer": attr.label(default = "//tools/wrapperlayer:on_linux", executable = True, cfg = "exec"),
    },
)

def iptables_wrapper_layer(name, base, architecture = None, nft_only = False, **kwargs):
    """A layer that installs the wrapper over an image, computed while building: nothing of the image is run.

    The layer is what `iptables-wrapper install --root` changes in the unpacked image: the wrapper itself beside both
    modes' binaries, the six command names as links to it, and the entries of the distribution's alternatives database
    where there is one. It holds no directories of the base, so a merged /usr stays as it is.

    The build fails, with the installer's own one-line reason, if the base lacks a mode, has an iptables older than
    1.8.4, or is of another architecture. An image that has the nft variant alone, because its distribution has no other (RHEL 10)
    or its hosts are known, is built with `nft_only = True`; on a host in legacy mode its rules go into nft all the same.

    It is made on Linux, or by a Linux worker of the build (`--extra_execution_platforms`); on another system Bazel's
    analysis says so. What is built is Go without C, so no compiler is needed, and the wrapper is built with the Go release
    that this module names, whatever the rest of the build has: it is the one that this module's tests have seen.

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

    That is for the target platform. `@my_base_linux_arm64` is the one of arm64 whatever the target is, and wants
    `architecture = "arm64"`. So do the platforms that rules_oci 2.3.0 has no `@my_base` for, though it has their own
    repositories: ppc64le (it selects that on `@platforms//cpu:ppc`) and riscv64.

    loong64 needs `go_deps.gazelle_override(path = "golang.org/x/sys", directives = ["gazelle:build_tags loong64"])` in the
    root module: Gazelle knows no such architecture and leaves out its files.

    Args:
        name: name of the layer, which is NAME.tar.gz.
        base: label of the image, an OCI layout directory as `oci_image` makes and `oci.pull` fetches it, of one
            platform.
        architecture: OCI architecture of the base, such as "arm64" or "arm/v7". None is that of the target platform.
        nft_only: True if the base has no legacy variant, on purpose. One that has it is then an error.
        **kwargs: attributes every rule has.
    """
    _wrapper_layer(name = name, base = base, nft_only = nft_only, wrapper = wrapper_binary(architecture), **kwargs)

def iptables_wrapper_installer_layer(name, architecture = None, **kwargs):
    """A layer that carries the wrapper and its installer script in the root folder, to be run in a container.

    Args:
        name: name of the layer, which is NAME.tar.gz.
        architecture: as of `iptables_wrapper_layer`.
        **kwargs: attributes every rule has.
    """
    _wrapper_layer(
        name = name,
        installer = Label("//installer:iptables-wrapper-installer.sh"),
        wrapper = wrapper_binary(architecture),
        **kwargs
    )
