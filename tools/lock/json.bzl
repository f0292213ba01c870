"""Starlark's facts for programs that are no Starlark."""

load("@bazel_skylib//rules:write_file.bzl", "write_file")

def json_file(name, value, **kwargs):
    """Writes a value of a .bzl file as indented JSON.

    Args:
        name: the file is NAME.json.
        value: of what JSON has: structs are objects, and the names in an object are in alphabetical order.
        **kwargs: attributes every rule has.
    """
    write_file(
        name = name,
        out = name + ".json",
        content = [json.encode_indent(value, indent = "  "), ""],
        **kwargs
    )
