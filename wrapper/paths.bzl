"""Names of source files as they stand in compiled programs, where a traceback would show them."""

# In a build of another module the sources are below external/. With this option, the wrapper there has the same bytes
# as here, which tests/downstream checks.
TRIMPATH = [
    "-trimpath=%s=>" % root
    for root in [Label("//wrapper:paths.bzl").workspace_root]
    if root
]
