# shellcheck shell=bash disable=SC2034,SC2154 # names of the scripts that include this file
# The functions that the other scripts share. They read layouts whose index.json has one entry, and whose blobs may be
# symlinks. A script that writes a layout sets output to its path.

set -o errexit -o nounset -o pipefail
shopt -s inherit_errexit

die() {
	echo "${0##*/}: $*" >&2
	exit 1
}

# root LAYOUT: prints the media type and the digest of the one image or index.
root() {
	jq -er '.manifests | if length == 1 then .[0] else error("\(length) manifests, expected exactly one") end |
		"\(.mediaType) \(.digest)"' "$1/index.json" || die "$1: no OCI layout with one image or index"
}

# is_image MEDIA-TYPE
is_image() {
	[[ $1 == application/vnd.oci.image.manifest.v1+json || $1 == application/vnd.docker.distribution.manifest.v2+json ]]
}

# path LAYOUT DIGEST: prints the path of a blob.
path() {
	[[ $2 =~ ^sha256:[0-9a-f]{64}$ ]] || die "$1: $2 is not a sha256 digest"
	echo "$1/blobs/sha256/${2#sha256:}"
}

# blob LAYOUT DIGEST: prints the path of a blob, after it verified the digest.
blob() {
	local file
	file=$(path "$1" "$2")
	sha256sum --check --status <<<"${2#sha256:}  $file" || die "$file: the layout is corrupt: rebuild it"
	echo "$file"
}

# config LAYOUT MANIFEST: prints the path of the configuration that the manifest names.
config() {
	local digest
	digest=$(jq -r .config.digest "$2")
	blob "$1" "$digest"
}

# create: writes an empty layout.
create() {
	mkdir -p "$output/blobs/sha256"
	printf '{"imageLayoutVersion":"1.0.0"}' >"$output/oci-layout"
}

# put FILE: moves the file into the layout as a blob, and sets digest and size.
put() {
	digest=$(sha256sum <"$1")
	digest=sha256:${digest%% *}
	size=$(stat -c %s "$1")
	mv "$1" "$output/blobs/sha256/${digest#sha256:}"
}
