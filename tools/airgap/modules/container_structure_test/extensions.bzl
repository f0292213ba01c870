"""The Go module of container-structure-test, which also contains its Bazel rule."""

load("@gazelle//:deps.bzl", "go_repository")

_IMPORTPATH = "github.com/GoogleContainerTools/container-structure-test"

def _real_impl(ctx):
    for line in ctx.read(Label("//:go.sum")).splitlines():
        path, version, sum = line.split(" ")
        if path == _IMPORTPATH and not version.endswith("/go.mod"):
            # Without the two drivers that need Docker's client, compiling takes half the time. The patch removes their use.
            go_repository(
                name = "real",
                build_extra_args = [
                    "-exclude=pkg/drivers/docker_driver.go",
                    "-exclude=pkg/drivers/tar_driver.go",
                ],
                build_file_generation = "on",
                importpath = _IMPORTPATH,
                patch_args = ["-p1"],
                patches = ["//:drivers.patch"],
                sum = sum,
                version = version,
            )
    return ctx.extension_metadata(reproducible = True)

real = module_extension(_real_impl)
