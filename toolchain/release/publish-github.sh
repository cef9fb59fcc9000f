#!/usr/bin/env bash
# Releases the files in FOLDER on GitHub for a git tag. Completes a release that is there: a run
# that was ended leaves a draft, and "Publish release" on GitHub's page makes one without files.
# Changes nothing if the release has a file of the same name with another content.
#   publish-github.sh TAG FOLDER
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=toolchain/common.sh
. toolchain/common.sh
mlops_arguments 2 "$@"
tag=$1 folder=$2

# A file whose upload was interrupted is listed, too, in another state.
if ! there=$(gh release view "$tag" --json assets --jq \
    '.assets[] | select(.state == "uploaded") | "\(.digest) \(.name)"' 2>&1); then
    [[ $there == "release not found" ]] || { echo "$there" >&2 && exit 1; }
    gh release create "$tag" --draft --verify-tag --title "$tag" \
        --notes "$GITHUB_SERVER_URL/$GITHUB_REPOSITORY/blob/$tag/CHANGELOG.md"
fi
missing=()
for file in "$folder"/*; do
    name=${file##*/}
    digest=sha256:$(sha256sum "$file" | cut -d ' ' -f 1)
    case $(awk -v name="$name" '$2 == name { print $1 }' <<<"$there") in
    "$digest") ;;
    "") missing+=("$file") ;;
    *)
        echo "The release $tag on GitHub has another $name: remove the release there, and run" \
            "this job again. If npm or PyPI has packages of it, release a new version instead." >&2
        exit 1
        ;;
    esac
done
[[ ${#missing[@]} == 0 ]] || gh release upload "$tag" "${missing[@]}" --clobber
gh release edit "$tag" --draft=false
