#!/usr/bin/env bash
# Packs an image or index for `docker load` or `podman load`, and writes the archive, or pipes it into an engine so that no
# large file remains. As in rules_oci, all entries have the same owner, mode and time.
#
# usage: load.sh IMAGE TAGS docker|oci --output FILE
#        load.sh IMAGE TAGS docker|oci [--loader PROGRAM]
# shellcheck source=tools/airgap/modules/rules_oci/oci/private/layout.sh
. "$(dirname "$0")/layout.sh"
image=$1 tags=$2 format=$3
shift 3
stage=$(mktemp -d)
trap 'rm -r "$stage"' EXIT
names=()

# add FILE NAME: adds a file to the archive, unless it contains the name.
add() {
	[ ! -e "$stage/$2" ] || return 0
	local file
	file=$(realpath "$1")
	mkdir -p "$(dirname "$stage/$2")"
	ln -s "$file" "$stage/$2"
	names+=("$2")
}

# add_blobs MANIFEST SUFFIX: adds the configuration and the layers. A layer's name is the digest and the suffix.
add_blobs() {
	local config digest layers file
	config=$(config "$image" "$1")
	add "$config" "blobs/sha256/${config##*/}"
	layers=$(jq -r '.layers[].digest' "$1")
	for digest in $layers; do
		file=$(path "$image" "$digest")
		add "$file" "blobs/sha256/${file##*/}$2"
	done
}

root=$(root "$image")
type=${root% *}
top=$(blob "$image" "${root#* }")
case $format in
docker)
	is_image "$type" || die "format docker contains a single image, but this is $type: use format = \"oci\""
	add_blobs "$top" .tar.gz # engines inspect the content
	jq --rawfile tags "$tags" '[{Config: "blobs/\(.config.digest | sub(":"; "/"))", RepoTags: [$tags | splits("\\s+") | select(. != "")],
		Layers: [.layers[] | "blobs/\(.digest | sub(":"; "/")).tar.gz"]}]' "$top" >"$stage/manifest.json"
	names+=(manifest.json)
	;;
oci)
	[ "$type" = application/vnd.oci.image.index.v1+json ] || die "format oci contains an image index, but this is $type: use format = \"docker\""
	add "$image/oci-layout" oci-layout
	add "$top" "blobs/sha256/${top##*/}"
	digests=$(jq -r '.manifests[].digest' "$top")
	for digest in $digests; do
		manifest=$(blob "$image" "$digest")
		add "$manifest" "blobs/sha256/${manifest##*/}"
		add_blobs "$manifest" ''
	done
	jq --rawfile tags "$tags" '.manifests = [.manifests[0] + ($tags | splits("\\s+") | select(. != "") |
		{annotations: {"org.opencontainers.image.ref.name": .}})]' "$image/index.json" >"$stage/index.json"
	names+=(index.json)
	;;
esac

archive() {
	tar --create --directory="$stage" --dereference --hard-dereference --format=ustar --owner=0 --group=0 --numeric-owner \
		--mode=0755 --mtime=@1672560000 "${names[@]}"
}

if [ "${1:-}" = --output ]; then
	archive >"$2"
	exit
fi
engine=${2:-$(command -v docker || command -v podman || command -v nerdctl)} ||
	die "none of docker, podman and nerdctl is on PATH: install one, or name another in the loader attribute"
"$engine" load --input <(archive)
wait $!
