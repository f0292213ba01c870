"""The scripts that do the work of the rules."""

def script_attrs(name):
    """Attributes of a rule with a script.

    Args:
        name: its file name.

    Returns:
        a dictionary
    """
    return {
        "_script": attr.label(default = Label(name), allow_single_file = True),
        "_scripts": attr.label(default = Label(":scripts")),  # which may include each other
    }
