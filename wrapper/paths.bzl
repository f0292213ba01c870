"""Names of source files as they stand in compiled programs, where a traceback would show them."""

# In another module's build the sources are below external/. Without that, the wrapper there is the wrapper here, byte for
# byte; a test (tests/downstream) compares them.
TRIMPATH = [
    "-trimpath=%s=>" % root
    for root in [Label("//wrapper:paths.bzl").workspace_root]
    if root
]
