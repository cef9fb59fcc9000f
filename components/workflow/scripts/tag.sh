#!/usr/bin/env bash
# Names the image that is in the registry: by its version, which never moves, only where that is free; by the other tags in any case.
set -euo pipefail

digest_of() { docker buildx imagetools inspect --format '{{.Manifest.Digest}}' "$1"; }

# A copy of the manifest as it is: made an index, a single manifest would get another digest.
name() {
    docker buildx imagetools create --prefer-index=false --tag "$IMAGE:$1" "$IMAGE@$DIGEST"
    local found
    found=$(digest_of "$IMAGE:$1")
    if [[ $found != "$DIGEST" ]]; then
        echo "::error title=Tag::$IMAGE:$1 is $found, not $DIGEST."
        exit 1
    fi
    named+=("$1")
}

named=()
note=
if [[ -n ${VERSION:-} ]]; then
    problem=$(mktemp)
    if taken=$(digest_of "$IMAGE:$VERSION" 2>"$problem"); then
        if [[ $taken == "$DIGEST" ]]; then
            named+=("$VERSION")
        else
            note="$VERSION is $taken already and was left alone: raise the service's version to publish this image under one."
            echo "::notice title=Version::$note"
        fi
    elif grep --quiet ': not found$' "$problem"; then
        name "$VERSION"
    else
        cat "$problem"
        exit 1
    fi
fi
read -ra tags <<<"$TAGS"
for tag in "${tags[@]}"; do
    name "$tag"
done
printf '%s\n' "tags=${named[*]}" "note=$note" >>"$GITHUB_OUTPUT"
