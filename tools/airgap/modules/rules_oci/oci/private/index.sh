#!/usr/bin/env bash
# Writes the layout directory of an oci_image_index, with the bytes of rules_oci 2.3.0 (oci/private/image_index.sh.tpl).
#
# usage: index.sh OUTPUT IMAGE...
# shellcheck source=tools/airgap/modules/rules_oci/oci/private/layout.sh
. "$(dirname "$0")/layout.sh"
output=$1
shift
create
new=$(mktemp -d)
trap 'rm -r "$new"' EXIT
for image; do
	root=$(root "$image")
	is_image "${root% *}" || die "$image: it is ${root% *}: an index contains single images only"
	manifest=$(blob "$image" "${root#* }")
	config=$(config "$image" "$manifest")
	cp --no-preserve=mode --update=none "$image"/blobs/sha256/* "$output/blobs/sha256"
	jq --slurpfile config "$config" '.manifests[0] + {platform:
		($config[0] | {os, architecture, variant, "os.version", "os.features"} | map_values(values))}' "$image/index.json"
done >"$new/manifests"
type=application/vnd.oci.image.index.v1+json
jq --slurp --arg mediaType $type '{schemaVersion: 2, $mediaType, manifests: .}' "$new/manifests" >"$new/index"
put "$new/index"
jq -n --arg mediaType $type --arg digest "$digest" --argjson size "$size" \
	'{manifests: [{$mediaType, $size, $digest}]}' >"$output/index.json"
