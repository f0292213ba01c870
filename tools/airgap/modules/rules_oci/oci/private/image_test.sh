#!/usr/bin/env bash
# shellcheck disable=SC2016 # attributes contain names of variables
# Tests the scripts beside it. testdata contains the output of rules_oci 2.3.0 for the same attributes.
set -o errexit -o nounset -o pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
status=0

fail() {
	echo "FAIL: $*" >&2
	status=1
}

# refuses NAME TEXT COMMAND...: the command must fail and print the text.
refuses() {
	local name=$1 text=$2 output
	shift 2
	output=$("$@" 2>&1) && fail "$name: accepted"
	[[ $output == *"$text"* ]] || fail "$name: $output, want $text"
}

# file TEXT: writes a file and prints its path.
file() {
	local path
	path=$(mktemp "$work/XXXXXX")
	printf %b "$1" >"$path"
	echo "$path"
}

# attributes NAME TEXT...: sets arguments to those for files with these texts.
attributes() {
	arguments=()
	while [ $# -gt 0 ]; do
		arguments+=(--rawfile "$1" "$(file "$2")")
		shift 2
	done
}

# root NAME: prints the path of the manifest or index in the layout. config NAME prints that of the configuration.
root() { echo "$work/$1/blobs/$(jq -r '.manifests[0].digest | sub(":"; "/")' "$work/$1/index.json")"; }
config() { echo "$work/$1/blobs/$(jq -r '.config.digest | sub(":"; "/")' "$(root "$1")")"; }

# same FILE GOLDEN: compares bytes, and the file's name with its digest.
same() {
	diff "testdata/$2" "$1" >&2 || fail "$2"
	[ "$(sha256sum <"$1")" = "${1##*/}  -" ] || fail "$2: $1 is not its digest"
}

amd64=(--arg os linux --arg architecture amd64)
layer=$work/layer
head -c 1024 /dev/zero >"$layer" # the shortest archive

attributes created 2026-01-02T03:04:05.678Z entrypoint '/run\ntwo words\ntwo%5Cnlines' cmd 'a\n<&>é"\0134' exposed_ports 80/tcp,53/udp \
	volumes /z,/a env 'B=1\nPATH=/bin\nA=$B-${PATH}' labels 'l=1\nk=2=3' annotations x=y
./image.sh "$work/scratch" '' //some:layer "$layer" -- --arg os linux --arg architecture arm --arg variant v7 "${arguments[@]}" \
	--arg user 65534 --arg workdir /work
attributes entrypoint /other volumes /a,/b env 'PATH=/usr/bin:$PATH\nNEW=$A' labels 'k=9\nnew=1' annotations more=1
./image.sh "$work/extended" "$work/scratch" //some:layer "$layer" -- "${arguments[@]}"
./index.sh "$work/index" "$work/scratch" "$work/extended"
for image in scratch extended; do
	same "$(root $image)" $image.manifest.json
	same "$(config $image)" $image.config.json
done
same "$(root index)" index.json

# build NAME [ATTRIBUTE TEXT]...: builds an image without layers over the layout base, which has these variables.
./image.sh "$work/base" '' -- "${amd64[@]}" --rawfile env "$(file 'PATH=/bin\nA=a=b')" --arg user 7
build() {
	local name=$1
	shift
	attributes "$@"
	./image.sh "$work/$name" "$work/base" -- "${arguments[@]}"
}

# member TEXT FILTER ATTRIBUTE...: the filter must print the text for the configuration of an image with the attributes.
number=0
member() {
	local want=$1 filter=$2 got
	shift 2
	number=$((number + 1))
	build "member-$number" "$@"
	got=$(jq -c "$filter" "$(config "member-$number")")
	[ "$got" = "$want" ] || fail "$*: $filter is $got, want $want"
}
member '["PATH=/usr/bin","A=a=b","B=b"]' .config.Env env 'PATH=/usr/bin\nB=b\n'
member '["PATH=/bin:/bin:/bin/x","A=a=b"]' .config.Env env 'PATH=$PATH:$PATH}:${PATH/x'
member '["PATH=/bin","A=a=b","B=1","C=12"]' .config.Env env 'B=1\nC=${B}2'
member '["PATH=/bin","A=a=b","B=x=y","C=5$ and $"]' .config.Env env 'B=x=y\nC=5$ and $'
member '["PATH=/bin","A=a=b"]' .config.Env env ''
member '["one","two words","three\nlines"]' .config.Cmd cmd 'one\n\ntwo words\nthree%5Cnlines\n'
member '{"b":"3","c":"x=y"}' .config.Labels labels 'b=3\nc=x=y\n'
member '[{"/b":{},"/a":{}},{}]' '[.config.Volumes, .config.ExposedPorts]' volumes /b,/a exposed_ports ''
member '"7"' .config.User # of the base
for c in 'env|B=$NOWHERE|$NOWHERE is set 0 times' 'env|no pair|is not KEY=VALUE' 'env|B=1\n\nC=2|is not KEY=VALUE' 'labels|no pair|is not KEY=VALUE' \
	'exposed_ports|443/tcp,53/udp\n|has white space' 'volumes|/a,,/b|is empty' 'created|2026-01-02T03:04:05Z\n|is no date' 'created|yesterday|is no date'; do
	IFS='|' read -r attribute text message <<<"$c"
	refuses "$attribute $text" "$message" build refused "$attribute" "$text"
done

# A layer of each compression. The symlink is relative, and the description is that of the content.
gzip -c "$layer" >"$layer.gz"
zstd -q "$layer" -o "$layer.zst"
for suffix in '' .gz .zst; do
	ln -sf "layer$suffix" "$work/other-name" # a symlink, as in a sandbox
	./image.sh "$work/layer$suffix.image" '' //some:layer "$work/other-name" -- "${amd64[@]}"
	digest=$(jq -r '.layers[0].digest | sub("sha256:"; "")' "$(root "layer$suffix.image")")
	blob=$work/layer$suffix.image/blobs/sha256/$digest
	[ "$(readlink "$blob")" = ../../../other-name ] || fail "blob of layer$suffix: a symlink to $(readlink "$blob")"
	[ "$(sha256sum <"$layer$suffix")" = "$digest  -" ] || fail "blob of layer$suffix: digest $digest"
	[ "$(jq -r '.rootfs.diff_ids[0]' "$(config "layer$suffix.image")")" = "sha256:$(sha256sum <"$layer" | cut -d ' ' -f 1)" ] || fail "diff ID of layer$suffix"
	jq -r '.layers[0] | "\(.mediaType) \(.size)"' "$(root "layer$suffix.image")"
done >"$work/types"
diff - "$work/types" <<END || fail 'types and sizes of layers'
application/vnd.oci.image.layer.v1.tar 1024
application/vnd.oci.image.layer.v1.tar+gzip $(stat -c %s "$layer.gz")
application/vnd.oci.image.layer.v1.tar+zstd $(stat -c %s "$layer.zst")
END

# replace NAME FILTER: replaces the manifest in a copy of the layout base.
replace() {
	cp -r "$work/base" "$work/$1"
	local digest
	digest=$(jq "$2" "$(root base)" | tee "$work/manifest" | sha256sum | cut -d ' ' -f 1)
	mv "$work/manifest" "$work/$1/blobs/sha256/$digest"
	jq --arg digest "sha256:$digest" --slurpfile manifest "$work/$1/blobs/sha256/$digest" \
		'.manifests[0] += {$digest, mediaType: $manifest[0].mediaType}' "$work/base/index.json" >"$work/$1/index.json"
}

# An image over one with Docker's media types has Docker's, and no copy of the base's configuration.
replace docker '.mediaType = "application/vnd.docker.distribution.manifest.v2+json" | .config.data = "c3RhbGU="'
./image.sh "$work/over-docker" "$work/docker" //some:layer "$layer.gz" -- --rawfile annotations "$(file x=y)"
jq -e '.layers[0].mediaType == "application/vnd.docker.image.rootfs.diff.tar.gzip" and (.config | has("data") | not) and .annotations == {x: "y"}' \
	"$(root over-docker)" >"$work/out" || fail "an image over Docker's types: $(cat "$(root over-docker)")"

# Twice the same image in one index. An index is neither part of an index nor a base.
./index.sh "$work/twice" "$work/base" "$work/base"
[ "$(jq '.manifests | length' "$(root twice)")" = 2 ] || fail 'twice the same image in one index'
refuses 'an index of an index' 'single images only' ./index.sh "$work/nested" "$work/twice"
refuses 'an image over an index' 'only a single image' ./image.sh "$work/refused" "$work/twice" --

replace climbing '.config.digest = "sha256:../../../layer"'
refuses 'a configuration outside' 'not a sha256 digest' ./image.sh "$work/refused" "$work/climbing" --
replace climbing-layer '.layers = [{digest: "sha256:../../../layer"}]'
refuses 'a layer outside' 'not a sha256 digest' ./image.sh "$work/refused" "$work/climbing-layer" --
cp -r "$work/base" "$work/corrupt"
echo '{}' >"$(root corrupt)"
refuses 'a corrupt base' 'the layout is corrupt' ./image.sh "$work/refused" "$work/corrupt" --
refuses 'a corrupt image in an index' 'the layout is corrupt' ./index.sh "$work/refused" "$work/corrupt"
cp -r "$work/base" "$work/two"
jq '.manifests += .manifests' "$work/base/index.json" >"$work/two/index.json"
refuses 'two images in a layout' '2 manifests, expected exactly one' ./image.sh "$work/refused" "$work/two" --
refuses 'no base' 'no OCI layout' ./image.sh "$work/refused" "$work/nothing" --
head -c 12 "$layer.gz" >"$work/truncated"
(cat "$layer.gz" && echo garbage) >"$work/garbage"
for wrong in truncated garbage; do
	refuses "a $wrong layer" 'no archive in the format gzip' ./image.sh "$work/refused" '' //some:layer "$work/$wrong" -- "${amd64[@]}"
done
exit $status
