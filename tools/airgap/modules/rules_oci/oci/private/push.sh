#!/usr/bin/env bash
# Pushes an image or index with crane, as rules_oci does: by digest, then one tag after the other.
#
# usage: push.sh IMAGE REPOSITORY REPOSITORY-FILE TAGS-FILE [FLAG]...
#
# Each of the last three may be empty. Flags that are not crane's for all commands are those of `crane push`.
# shellcheck source=tools/airgap/modules/rules_oci/oci/private/layout.sh
. "$(dirname "$0")/layout.sh"
image=$1 repository=$2 tags=() listed=()
[ -z "$3" ] || [ -n "$repository" ] || repository=$(tr -d '\n' <"$3")
[ -z "$4" ] || mapfile -t listed <"$4"
shift 4
flags=() push_flags=()
while [ $# -gt 0 ]; do
	case $1 in
	-r | --repository) repository=$2 && shift ;;
	--repository=*) repository=${1#*=} ;;
	-t | --tag) tags+=("$2") && shift ;;
	--tag=*) tags+=("${1#*=}") ;;
	--platform) flags+=("$1" "$2") && shift ;;
	--allow-nondistributable-artifacts | --insecure | -v | --verbose) flags+=("$1") ;;
	*) push_flags+=("$1") ;;
	esac
	shift
done
[ -n "$repository" ] || die "repository not set: pass --repository"
command -v crane >/dev/null || die "no crane: bazelw adds it to the root for a command that contains push"
root=$(root "$image")
reference=$repository@${root#* }
crane push "${flags[@]}" "$image" "$reference" "${push_flags[@]}"
for tag in "${tags[@]}" "${listed[@]}"; do
	[ -z "$tag" ] || crane tag "${flags[@]}" "$reference" "$tag"
done
