"""An OCI layout directory of files."""

def _oci_layout_impl(ctx):
    output = ctx.actions.declare_directory(ctx.label.name)
    ctx.actions.run_shell(
        arguments = [output.path] + [file.path for file in ctx.files.srcs],
        command = """\
out=$1
shift
mkdir -p "$out/blobs/sha256"
for file; do
	case $file in
	*/blobs/sha256/*) cp "$file" "$out/blobs/sha256/" ;;
	*) cp "$file" "$out/" ;;
	esac
done
""",
        inputs = ctx.files.srcs,
        outputs = [output],
        mnemonic = "OCILayout",
        progress_message = "OCI Layout %{label}",
    )
    return DefaultInfo(files = depset([output]))

oci_layout = rule(
    implementation = _oci_layout_impl,
    doc = "What an `oci.pull`ed image is for other rules: one directory.",
    attrs = {"srcs": attr.label_list(allow_files = True, mandatory = True)},
)
