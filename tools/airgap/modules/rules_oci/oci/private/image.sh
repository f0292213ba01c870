#!/usr/bin/env bash
# Writes the layout directory of an oci_image. Layers and the base's blobs become symlinks. The bytes of the manifest and of
# the configuration are those of rules_oci 2.3.0: as jq prints them, the manifest with a newline at its end and the
# configuration without one.
#
# usage: image.sh OUTPUT BASE [LABEL TAR]... -- ARGUMENT...
#
# BASE is a layout directory or empty. The arguments are jq's, and define the variables of image.jq.
here=$(dirname "$0")
# shellcheck source=tools/airgap/modules/rules_oci/oci/private/layout.sh
. "$here/layout.sh"
program=$(cat "$here/image.jq")
output=$1 base=$2
shift 2
create
new=$(mktemp -d)
trap 'rm -r "$new"' EXIT

# link FILE DIGEST: makes the blob a relative symlink. Symlinks on the way are not followed: in a sandbox all files are
# symlinks, and the target must be valid where Bazel moves the output.
link() {
	local file target
	file=$(path "$output" "$2")
	target=$(realpath -s --relative-to="${file%/*}" "$1")
	ln -sf "$target" "$file"
}

# add LABEL TAR: links a layer and prints its description. Only the content determines the compression.
add() {
	local compression='' decompress=cat digest diffid
	case $(head -c 4 "$2" | od -An -tx1) in
	' 1f 8b'*) compression=gzip decompress=gzip ;;        # RFC 1952, section 2.3.1
	' 28 b5 2f fd') compression=zstd decompress=zstd ;; # RFC 8878, section 3.1.1
	esac
	[ "$decompress" = cat ] || decompress="$decompress -dcq"
	digest=$(sha256sum <"$2")
	diffid=$($decompress <"$2" | sha256sum) || die "$2: no archive in the format $compression"
	link "$2" "sha256:${digest%% *}"
	jq -n --arg label "$1" --arg compression "$compression" --arg digest "sha256:${digest%% *}" --arg diffid "sha256:${diffid%% *}" \
		--argjson size "$(stat -Lc %s "$2")" '$ARGS.named'
}

type=application/vnd.oci.image.manifest.v1+json manifest=/dev/null config=/dev/null
if [ -n "$base" ]; then
	root=$(root "$base")
	type=${root% *}
	is_image "$type" || die "$base: it is $type: only a single image can be extended"
	manifest=$(blob "$base" "${root#* }")
	config=$(config "$base" "$manifest")
	# The base's own manifest and configuration are not part of this image.
	jq -r '.layers[].digest' "$manifest" >"$new/layers"
	while read -r digest; do
		file=$(path "$base" "$digest")
		link "$file" "$digest"
	done <"$new/layers"
fi
while [ "$1" != -- ]; do
	add "$1" "$2"
	shift 2
done >"$new/layers"
shift

set -- --slurpfile layers "$new/layers" "$@"
text=$(jq -n "$program config" --slurpfile base "$config" "$@")
printf %s "$text" >"$new/config"
put "$new/config"
jq -n "$program manifest" --slurpfile base "$manifest" --arg digest "$digest" --argjson size "$size" "$@" >"$new/manifest"
put "$new/manifest"
jq -n --arg mediaType "$type" --arg digest "$digest" --argjson size "$size" \
	'{schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests: [{$mediaType, $digest, $size}]}' >"$output/index.json"
