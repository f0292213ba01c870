"""Writes values of .bzl files as JSON, for programs that cannot read Starlark."""

load("@bazel_skylib//rules:write_file.bzl", "write_file")

def json_file(name, value, **kwargs):
    """Writes a value of a .bzl file as indented JSON.

    Args:
        name: name of the target. The file is NAME.json.
        value: a value of types that JSON supports. A struct becomes an object. The names in an object are sorted.
        **kwargs: attributes that every rule has.
    """
    write_file(
        name = name,
        out = name + ".json",
        content = [json.encode_indent(value, indent = "  "), ""],
        **kwargs
    )
