"""Two macros."""

def grow(name, by = "2 | 3", **kwargs):
    """Makes it larger.

    ```starlark
    grow(
        name = "tree",
    )
    ```

    Args:
        name: Name of the target.
        by: How much, in metres: one
            or: the other, `a | b`.
        **kwargs: Passed on.
    """
    native.filegroup(name = name + by, **kwargs)

def shrink_it(name):
    """Makes it smaller.

    Args:
      name: Name of the target.
    """
    native.filegroup(name = name)

constant = 1
