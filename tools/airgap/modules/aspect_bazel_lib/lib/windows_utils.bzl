"""Launchers for Windows, on which the air-gapped way does not run."""

def create_windows_native_launcher_script(_ctx, _script):
    fail("Windows: not supported")
