"""Repositories of images, downloaded by Bazel: every byte is checked against the digest that MODULE.bazel names."""

_INDEX = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
]
_MANIFEST = [
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
]

_SOURCE = {
    "digest": attr.string(),
    "registry": attr.string(mandatory = True),
    "repository": attr.string(mandatory = True),
    "scheme": attr.string(mandatory = True),
    "target": attr.string(mandatory = True),
    "unsupported": attr.string_list(),
}

def _name(rctx):
    return "image {}/{}@{}".format(rctx.attr.registry, rctx.attr.repository, rctx.attr.digest or "(no digest)")

def _check(rctx):
    """Fails for an image that is declared but not available here."""
    if rctx.attr.unsupported:
        fail(("{}: '{}' is not read air-gapped: use Bazel's own --credential_helper, or build with a network connection " +
              "(AIRGAP=0)").format(_name(rctx), rctx.attr.unsupported[0]))
    if not rctx.attr.digest.startswith("sha256:"):
        fail("{}: an air-gapped build downloads an image only by its sha256 digest: name it in oci.pull".format(_name(rctx)))
    if not rctx.attr.registry or not rctx.attr.repository:
        fail("{}: the registry or the repository is missing: write REGISTRY/REPOSITORY".format(_name(rctx)))

def _start(rctx, kind, digest, output, block = True):
    """Starts a download, which fails unless the file has the digest."""
    return rctx.download(
        url = "{}://{}/v2/{}/{}/{}".format(rctx.attr.scheme, rctx.attr.registry, rctx.attr.repository, kind, digest),
        output = output,
        sha256 = digest.removeprefix("sha256:"),
        headers = {"Accept": ",".join(_INDEX + _MANIFEST)},
        allow_fail = True,
        block = block,
    )

def _finish(rctx, digest, result):
    if not result.success:
        fail(("{}: {} cannot be downloaded from the registry: an air-gapped build must reach one that has the image: build the base from " +
              "packages, or build with a network connection (AIRGAP=0)").format(_name(rctx), digest))

def _blob(digest):
    if not digest.startswith("sha256:"):
        fail("{}: the only digests that can be checked are sha256's".format(digest))
    return "blobs/sha256/" + digest.removeprefix("sha256:")

def _json(rctx, kind, digest, output):
    _finish(rctx, digest, _start(rctx, kind, digest, output))
    return json.decode(rctx.read(output))

def _is_index(manifest):
    return manifest.get("mediaType") in _INDEX or ("mediaType" not in manifest and "manifests" in manifest)

def _platform(description):
    """OS/ARCHITECTURE[/VARIANT] of an index's entry or a configuration."""
    parts = [description.get(key) for key in ["os", "architecture", "variant"]]
    return "/".join([part for part in parts if part])

def _same_platform(a, b):
    return a.removesuffix("/v8") == b.removesuffix("/v8") if a.startswith("linux/arm64") else a == b

def _image_repository_impl(rctx):
    _check(rctx)
    digest = rctx.attr.digest
    manifest = _json(rctx, "manifests", digest, "manifest.json")
    if _is_index(manifest):
        if not rctx.attr.platform:
            fail("{}: it is an index, of several images: name the 'platforms' in oci.pull".format(_name(rctx)))
        entries = [entry for entry in manifest["manifests"] if _platform(entry.get("platform", {})) == rctx.attr.platform]
        if not entries:
            fail("{}: the index has no image for platform {}: it has {}".format(
                _name(rctx),
                rctx.attr.platform,
                ", ".join([_platform(entry.get("platform", {})) for entry in manifest["manifests"]]),
            ))
        digest = entries[0]["digest"]
    manifest = _json(rctx, "manifests", digest, _blob(digest))
    if manifest.get("schemaVersion") != 2 or manifest.get("mediaType", _MANIFEST[0]) not in _MANIFEST:
        fail("{}: {} is no image's manifest of schema 2".format(_name(rctx), digest))

    config = manifest["config"]["digest"]
    platform = _platform(_json(rctx, "blobs", config, _blob(config)))
    if rctx.attr.platform and not _same_platform(platform, rctx.attr.platform):
        fail("{}: its configuration says platform {}, and oci.pull says {}".format(_name(rctx), platform, rctx.attr.platform))
    layers = {layer["digest"]: None for layer in manifest["layers"]}.keys()
    downloads = [_start(rctx, "blobs", layer, _blob(layer), block = False) for layer in layers]
    for layer, download in zip(layers, downloads):
        _finish(rctx, layer, download.wait())

    rctx.file("oci-layout", json.encode({"imageLayoutVersion": "1.0.0"}))
    rctx.file("index.json", json.encode({
        "schemaVersion": 2,
        "mediaType": _INDEX[0],
        "manifests": [{
            "mediaType": manifest.get("mediaType", _MANIFEST[0]),
            "size": len(rctx.read(_blob(digest))),
            "digest": digest,
        }],
    }))
    rctx.file("BUILD.bazel", """\
load("@rules_oci//oci/private:layout.bzl", "oci_layout")

oci_layout(
    name = {target},
    srcs = glob(["blobs/**"]) + ["index.json", "oci-layout"],
    tags = {tags},
    visibility = ["//visibility:public"],
)
""".format(tags = repr(rctx.attr.bazel_tags), target = repr(rctx.attr.target)))

image_repository = repository_rule(
    implementation = _image_repository_impl,
    attrs = _SOURCE | {
        "bazel_tags": attr.string_list(),
        "platform": attr.string(),
    },
    doc = "An image of one platform, as an OCI layout directory.",
)

def _image_alias_impl(rctx):
    _check(rctx)
    rctx.file("digest.txt", rctx.attr.digest)
    if rctx.attr.images:
        actual = """select(
        {},
        no_match_error = "could not find an image matching the target platform",
    )""".format(repr(rctx.attr.images))
    else:
        actual = repr(rctx.attr.image)
    rctx.file("BUILD.bazel", """\
filegroup(
    name = "digest",
    srcs = ["digest.txt"],
    visibility = ["//visibility:public"],
)

alias(
    name = {target},
    actual = {actual},
    visibility = ["//visibility:public"],
)
""".format(actual = actual, target = repr(rctx.attr.target)))

image_alias = repository_rule(
    implementation = _image_alias_impl,
    attrs = _SOURCE | {
        "image": attr.string(),
        "images": attr.string_dict(),
    },
    doc = "The image for the target platform.",
)
