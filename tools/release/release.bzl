"""Writes the list of files that Bazel built for a release."""

load("@rules_go//go:def.bzl", "GoArchive")

def _release_contents_impl(ctx):
    # A lock gets a symlink with another path. In runfiles, images/debian/trixie can be either the image index
    # //images/debian:trixie or the directory that contains trixie's lock, but not both.
    locks = {}
    for lock in ctx.files.locks:
        release = lock.owner.package
        locks[release] = ctx.actions.declare_file("{}/{}.lock.json".format(ctx.label.name, release))
        ctx.actions.symlink(output = locks[release], target_file = lock)
    contents = struct(
        version = ctx.attr._version[platform_common.TemplateVariableInfo].variables["WRAPPER_VERSION"],
        programs = {name: program.files.to_list()[0].short_path for program, name in ctx.attr.programs.items()},
        distro_packages = {name: package.files.to_list()[0].short_path for package, name in ctx.attr.packages.items()},
        # For the target platform: all architectures are built from the same packages.
        packages = sorted([
            data.importpath
            for data in ctx.attr._wrapper[GoArchive].transitive.to_list()
        ]),
        installer = ctx.file._installer.short_path,
        distros = ctx.file._distros.short_path,
        modules = ctx.file._modules.short_path,
        locks = {release: lock.short_path for release, lock in locks.items()},
        origins = {name: layer[OutputGroupInfo].origins.to_list()[0].short_path for layer, name in ctx.attr.layers.items()},
        images = [
            struct(name = name, layout = image.files.to_list()[0].short_path)
            for image, name in ctx.attr.images.items()
        ],
    )
    out = ctx.actions.declare_file(ctx.label.name + ".json")
    ctx.actions.write(out, json.encode_indent(contents) + "\n")
    files = ctx.files.programs + ctx.files.packages + ctx.files.images + locks.values() + [ctx.file._installer, ctx.file._distros, ctx.file._modules]
    origins = [layer[OutputGroupInfo].origins for layer in ctx.attr.layers]
    return [DefaultInfo(
        files = depset([out]),
        runfiles = ctx.runfiles([out] + files, transitive_files = depset(transitive = origins)).merge_all([
            image[DefaultInfo].default_runfiles
            for image in ctx.attr.images
        ]),
    )]

release_contents = rule(
    implementation = _release_contents_impl,
    doc = "NAME.json says where in the runfiles every part of a release is.",
    attrs = {
        "programs": attr.label_keyed_string_dict(mandatory = True, doc = "the wrapper to its GOARCH"),
        "images": attr.label_keyed_string_dict(mandatory = True, doc = "image index to DISTRO/VARIANT/RELEASE"),
        "layers": attr.label_keyed_string_dict(mandatory = True, doc = "package layer to DISTRO/VARIANT/RELEASE/ARCHITECTURE"),
        "locks": attr.label_list(mandatory = True, allow_files = [".json"], doc = "locks of the images' releases"),
        "packages": attr.label_keyed_string_dict(mandatory = True, doc = "the wrapper's packages to GOARCH.FORMAT"),
        "_distros": attr.label(default = "//images:table", allow_single_file = True),
        "_installer": attr.label(default = "//installer:iptables-wrapper-installer.sh", allow_single_file = True),
        "_modules": attr.label(default = "//:go.mod", allow_single_file = True),
        "_version": attr.label(default = "//wrapper:version"),
        "_wrapper": attr.label(default = "//wrapper/iptables-wrapper", providers = [GoArchive]),
    },
)
