"""The targets of one row of tests/layouts/layouts.bzl. The layouts are built with the same rules as the images."""

load("@container_structure_test//:defs.bzl", "container_structure_test")
load("@rules_oci//oci:defs.bzl", "oci_image")
load("@rules_shell//shell:sh_test.bzl", "sh_test")
load("//tests/layouts:fixture_package.bzl", "fixture_package")
load("//tests/layouts:layouts.bzl", "LAYOUTS")
load("//tests/layouts:parts.bzl", "APPLETS")
load("//tests/layouts:runtime.bzl", "RUNTIME")
load("//tools/pkglayer:package_layer.bzl", "package_layer")
load("//tools/wrappercheck:wrapper_structure_test.bzl", "iptables_wrapper_structure_test")
load("//tools/wrapperlayer:wrapper_layer.bzl", "iptables_wrapper_layer")

# Symlinks to the directories that contain the ELF interpreter of Debian's binaries, in every layout.
_LIBRARIES = {"lib": "usr/lib", "lib64": "usr/lib64"}

# The format's own tools that a test needs on the machine. apk-tools is in no Debian package.
_TOOLS = {
    "apk": [],
    "deb": ["@machine//:dpkg-deb"],
    # rpm unpacks into a separate root, with chroot.
    "rpm": ["@machine//:root", "@machine//:rpm"],
}

# The package database of each format, its file, and the text by which it contains iptables.
_METADATA = {
    "apk": ("apk", "/lib/apk/db/installed", "P:iptables\nV:1\\.8\\.\\d+-r0\n"),
    "deb": ("dpkg", "/var/lib/dpkg/status", "Package: iptables\nStatus: install ok installed\nVersion: 1\\.8\\.\\d+-1\n"),
    "rpm": ("rpm-manifest", "/var/lib/rpmmanifest/container-manifest-2", "(?m)^iptables[-a-z]*\t1\\.8\\.\\d+-1\t"),
}

_EXPECTED = "usr/share/layouts/expected/"

# Debian's packages for this machine, because the container executes their binaries.
_DEBS = select({
    "@platforms//cpu:arm64": "@distro_packages//debian/trixie:arm64_debian",
    "//conditions:default": "@distro_packages//debian/trixie:amd64_debian",
})

_ARCHITECTURE = select({
    "@platforms//cpu:arm64": "arm64",
    "//conditions:default": "amd64",
})

def _package(name, package, format, add = {}):
    spec = {
        key: getattr(package, key)
        for key in ["name", "keep", "files", "links", "texts", "ghosts", "commands"]
    }
    fixture_package(
        name = name,
        add = add,
        format = format,
        packages = _DEBS,
        sources = package.sources,
        spec = json.encode(spec),
    )

def layout_runtimes():
    """Declares, for each format, the package with the test programs that every layout contains."""
    for format in _METADATA:
        _package("runtime_" + format, RUNTIME, format, {"modes.sh": "usr/share/layouts/modes.sh"})

def _base(name, row):
    """Declares the layout's packages, the layer that is made from them, and the image before the wrapper is installed."""
    packages = [":runtime_" + row.format]
    for package in row.packages:
        target = "{}_{}".format(name, package.name)
        _package(target, package, row.format)
        packages.append(":" + target)
    native.filegroup(name = name + "_packages", srcs = packages)
    package_layer(
        name = name + "_layer",
        packages = name + "_packages",
        variant = struct(
            packages = [RUNTIME.name] + [package.name for package in row.packages],
            links = _LIBRARIES | row.links,
            # iptables-legacy creates its lock /run/xtables.lock there.
            directories = {"run": "0755"} | row.directories,
            copies = {},
            texts = {_EXPECTED + path: text for path, text in row.states.items()},
            exclude = [],
            keep = [],
            metadata = _METADATA[row.format][0],
            alternatives = row.alternatives,
            registrations = row.registrations,
        ),
    )
    oci_image(
        name = name + "_base",
        architecture = _ARCHITECTURE,
        os = "linux",
        tars = [name + "_layer"],
    )

def _expectations(row):
    """Returns the configuration of the structure test."""
    wrapper = row.sbin + "/iptables-wrapper"
    _, database, entry = _METADATA[row.format]
    return {
        "schemaVersion": "2.0.0",
        # Both options, for the reason in images/*/testdata.
        "containerRunOptions": {
            "capabilities": ["NET_ADMIN", "NET_RAW"],
            "privileged": True,
        },
        # With containerRunOptions, container-structure-test ignores the variables of a command test.
        "globalEnvVars": [{"key": "SBIN", "value": row.sbin}] + [
            {"key": key, "value": " ".join(value)}
            for key, value in [("STATES", row.states.keys()), ("CONFS", row.confs), ("OTHERS", row.others)]
            if value
        ],
        "fileExistenceTests": [
            {"name": "wrapper", "path": wrapper, "permissions": "-rwxr-xr-x"},
        ] + [
            {"name": applet, "path": row.sbin + "/" + applet, "permissions": "Lrwxrwxrwx"}
            for applet in APPLETS
        ] + [
            {"name": "merged " + link, "path": "/" + link, "permissions": "Lrwxrwxrwx"}
            for link in row.links
        ],
        "fileContentTests": [{"name": "package database", "path": database, "expectedContents": [entry]}],
        "commandTests": [{
            "name": "both modes: " + row.covers,
            "command": "/bin/sh",
            "args": ["/usr/share/layouts/modes.sh"],
            "expectedOutput": ["both modes"],
        }],
    }

def _text_impl(ctx):
    output = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.write(output, ctx.attr.text)
    return [DefaultInfo(files = depset([output]))]

_text = rule(
    implementation = _text_impl,
    attrs = {"text": attr.string(mandatory = True)},
)

def _accepted(name, row):
    """Declares the image with the wrapper, and the test that both modes work in it."""
    iptables_wrapper_layer(
        name = name + "_wrapper",
        base = name + "_base",
    )
    oci_image(
        name = name,
        base = name + "_base",
        tars = [name + "_wrapper"],
        visibility = ["//tools/scan:__pkg__"],
    )

    # The content is JSON, which is also YAML. In a file named .json, container-structure-test would read a missing
    # shouldExist as false.
    _text(
        name = name + ".yaml",
        text = json.encode_indent(_expectations(row), indent = "  "),
    )
    container_structure_test(
        name = name + "_test",
        size = "small",
        configs = [name + ".yaml"],
        image = name,
        # Empty, because the image contains programs of the machine that runs the test, so its platform is that machine's.
        platform = "",
        tags = ["no-remote"],
        visibility = ["//tests/engines:__pkg__"],
    )

def _refused(name, row):
    """Declares the test for a layout without one of the modes: the build makes no layer, and prints one line with the remedy."""
    sh_test(
        name = name + "_test",
        size = "small",
        srcs = ["refusal_test.sh"],
        args = [
            "$(rootpath //tools/wrapperlayer)",
            "$(rootpath //wrapper/iptables-wrapper)",
            "$(rootpath :{}_base)".format(name),
            "'" + row.refusal + "'",
        ],
        data = [
            name + "_base",
            "//tools/wrapperlayer",
            "//wrapper/iptables-wrapper",
        ],
    )

def _nft_only(name):
    """Declares an image without legacy that is accepted because of nft_only, and its tests."""
    iptables_wrapper_layer(
        name = name + "_wrapper",
        base = name + "_base",
        nft_only = True,
    )
    oci_image(
        name = name,
        base = name + "_base",
        tars = [name + "_wrapper"],
    )
    iptables_wrapper_structure_test(
        name = name + "_installed_test",
        size = "small",
        image = name,
        nft_only = True,
    )

def _packages(name, row):
    """Declares the test that the format's own tools accept the packages and find the same content."""
    commands = [command for package in row.packages for command in package.commands]
    sh_test(
        name = name + "_packages_test",
        size = "small",
        srcs = ["packages_test.sh"],
        args = [
            "$(rootpath :{}_layer)".format(name),
            "'" + (commands + [""])[0] + "'",
            "$(rootpaths :{}_packages)".format(name),
        ],
        data = [
            name + "_layer",
            name + "_packages",
        ],
        tags = ["no-remote"],
        target_compatible_with = _TOOLS[row.format],
    )

# One row for each format and each type of file. These are compared with the format's own tools.
_CHECKED = ["apk-sbin-legacy", "debian-alternatives", "chkconfig-one-group", "libalternatives"]

def layouts():
    """Declares all targets of every row of the table."""
    for name, row in LAYOUTS.items():
        _base(name, row)
        if row.refusal:
            _refused(name, row)
            if "no legacy" in row.refusal:
                _nft_only(name)
        else:
            _accepted(name, row)
        if name in _CHECKED:
            _packages(name, row)
