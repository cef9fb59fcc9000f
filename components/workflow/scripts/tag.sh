#!/usr/bin/env bash
# Tags the image in the registry: with its version only if that tag is free, because a version never
# moves; with the other tags always.
set -euo pipefail

digest_of() { docker buildx imagetools inspect --format '{{.Manifest.Digest}}' "$1"; }

# Copies the manifest unchanged: wrapped in an index it would get another digest.
add_tag() {
    docker buildx imagetools create --prefer-index=false --tag "$IMAGE:$1" "$IMAGE@$DIGEST"
    local found
    found=$(digest_of "$IMAGE:$1")
    if [[ $found != "$DIGEST" ]]; then
        echo "::error title=Tag::$IMAGE:$1 is $found, not $DIGEST."
        exit 1
    fi
    added+=("$1")
}

added=()
note=
if [[ -n ${VERSION:-} ]]; then
    problem=$(mktemp)
    if taken=$(digest_of "$IMAGE:$VERSION" 2>"$problem"); then
        if [[ $taken == "$DIGEST" ]]; then
            added+=("$VERSION")
        else
            note="$VERSION is $taken already and was left alone: raise the service's version to"
            note+=" publish this image under one."
            echo "::notice title=Version::$note"
        fi
    elif grep --quiet ': not found$' "$problem"; then
        add_tag "$VERSION"
    else
        cat "$problem"
        exit 1
    fi
fi
read -ra tags <<<"$TAGS"
for tag in "${tags[@]}"; do
    add_tag "$tag"
done
printf '%s\n' "tags=${added[*]}" "note=$note" >>"$GITHUB_OUTPUT"
