"""Images as Bazel targets: the public API of rules_oci, built by scripts of this module.

Everything outside this file, `extensions.bzl` and `pull.bzl` is private.
"""

load("@bazel_skylib//lib:types.bzl", "types")
load("@bazel_skylib//rules:write_file.bzl", "write_file")
load("//oci/private:digest.bzl", "oci_digest")
load("//oci/private:image.bzl", _oci_image_rule = "oci_image")
load("//oci/private:image_index.bzl", _oci_image_index_rule = "oci_image_index")
load("//oci/private:load.bzl", _oci_load_rule = "oci_load")
load("//oci/private:push.bzl", _oci_push_rule = "oci_push")

oci_image_rule = _oci_image_rule
oci_image_index_rule = _oci_image_index_rule
oci_push_rule = _oci_push_rule
oci_tarball_rule = _oci_load_rule

# Attributes of every rule, which a macro passes on to its additional targets.
_COMMON_ATTRIBUTES = [
    "compatible_with",
    "exec_compatible_with",
    "features",
    "restricted_to",
    "tags",
    "target_compatible_with",
    "testonly",
    "toolchains",
    "visibility",
]

def _common(kwargs):
    return {key: kwargs[key] for key in _COMMON_ATTRIBUTES if key in kwargs}

def _internal(kwargs):
    """Attributes of a helper target: never matched by a wildcard, whatever tags the user gave the main one."""
    common = _common(kwargs)

    # The main target builds it.
    common["tags"] = ["manual"] + [
        tag
        for tag in common.get("tags", [])
        if tag.startswith("no-") or tag.startswith("requires-") or tag in ["local", "external"]
    ]
    return common

def _text(name, kind, lines, kwargs):
    write_file(
        name = "{}_write_{}".format(name, kind),
        out = "{}.{}.txt".format(name, kind),
        content = lines,
        **_internal(kwargs)
    )
    return "{}_write_{}".format(name, kind)

def _pairs(name, kind, value, kwargs):
    if not types.is_dict(value):
        return value
    return _text(name, kind, ["{}={}".format(k, v) for (k, v) in value.items()], kwargs)

def _words(name, kind, value, kwargs):
    if not types.is_list(value):
        return value

    # A newline inside a word is escaped, and the rule restores it.
    return _text(name, kind, [word.replace("\n", "%5Cn") for word in value], kwargs)

def _commas(name, kind, value, kwargs):
    if not types.is_list(value):
        return value
    return _text(name, kind, [",".join(value)], kwargs)

def _lines(name, value, kwargs):
    if not types.is_list(value):
        return value
    return _text(name, "tags", value, kwargs)

def oci_image(
        name,
        created = None,
        labels = None,
        annotations = None,
        env = None,
        cmd = None,
        entrypoint = None,
        exposed_ports = None,
        volumes = None,
        **kwargs):
    """An image; `NAME.digest` is a file with its digest.

    Args:
        name: name of the image target.
        created: file with a date (RFC 3339).
        labels: dict, or file of key=value lines.
        annotations: dict, or file of key=value lines.
        env: dict, or file of KEY=VALUE lines.
        cmd: list, or file of one word per line.
        entrypoint: list, or file of one word per line; clears the base's cmd.
        exposed_ports: list, or file with a comma-separated list.
        volumes: list, or file with a comma-separated list.
        **kwargs: attributes of oci_image_rule and those every rule has.
    """
    oci_image_rule(
        name = name,
        created = created,
        labels = _pairs(name, "labels", labels, kwargs),
        annotations = _pairs(name, "annotations", annotations, kwargs),
        env = _pairs(name, "env", env, kwargs),
        cmd = _words(name, "cmd", cmd, kwargs),
        entrypoint = _words(name, "entrypoint", entrypoint, kwargs),
        exposed_ports = _commas(name, "exposed_ports", exposed_ports, kwargs),
        volumes = _commas(name, "volumes", volumes, kwargs),
        **kwargs
    )
    oci_digest(name = name + ".digest", image = name, out = name + ".json.sha256", **_common(kwargs))

def oci_image_index(name, **kwargs):
    """An index over images of several platforms; `NAME.digest` is a file with its digest.

    Args:
        name: name of the index target.
        **kwargs: attributes of oci_image_index_rule and those every rule has.
    """
    oci_image_index_rule(
        name = name,
        **kwargs
    )
    oci_digest(name = name + ".digest", image = name, out = name + ".json.sha256", **_common(kwargs))

def oci_push(name, remote_tags = None, **kwargs):
    """`bazel run` it to upload an image or index.

    Args:
        name: name of the executable target.
        remote_tags: list, or file of one tag per line.
        **kwargs: attributes of oci_push_rule and those every rule has.
    """
    oci_push_rule(name = name, remote_tags = _lines(name, remote_tags, kwargs), **kwargs)

def oci_load(name, repo_tags = None, **kwargs):
    """`bazel run` it to load an image into a container engine; output group `tarball` is the archive.

    Args:
        name: name of the executable target.
        repo_tags: list, or .txt file, of repository:tag names.
        **kwargs: attributes of oci_tarball_rule and those every rule has.
    """
    oci_tarball_rule(name = name, repo_tags = _lines(name, repo_tags, kwargs), **kwargs)
