#!/usr/bin/env bash
# Tags the image in the registry. The tags of its commit and of its version never move. The others
# do, but not back from the image of a later commit.

# Copies the manifest unchanged: wrapped in an index it would get another digest.
add_tag() {
    local found
    found=$(digest_of "$IMAGE:$1")
    if [[ $found != "$DIGEST" ]]; then
        docker buildx imagetools create --prefer-index=false --tag "$IMAGE:$1" "$IMAGE@$DIGEST"
        found=$(digest_of "$IMAGE:$1")
    fi
    if [[ $found != "$DIGEST" ]]; then
        echo "::error title=Tag::$IMAGE:$1 is $found, not $DIGEST."
        exit 1
    fi
    added+=("$1")
}

# Prints the commit that an image was built from, or nothing where the image does not say.
commit_of() {
    local label='[.. | objects | .["org.opencontainers.image.revision"] // empty] | first // ""'
    docker buildx imagetools inspect --format '{{json .Image}}' "$1" | jq --raw-output "$label"
}

added=()
notes=()
if [[ -n ${COMMIT:-} ]]; then
    found=$(digest_of "$IMAGE:sha-$COMMIT")
    if [[ -n $found && $found != "$DIGEST" ]]; then
        echo "::error title=Tag::$IMAGE:sha-$COMMIT is $found already: another run built this" \
            "commit. Run this one again: it takes that image."
        exit 1
    fi
    add_tag "sha-$COMMIT"
fi
if [[ -n ${VERSION:-} ]]; then
    found=$(digest_of "$IMAGE:$VERSION")
    if [[ -z $found || $found == "$DIGEST" ]]; then
        add_tag "$VERSION"
    else
        note="$VERSION is $found already and was left alone: raise the service's version to"
        notes+=("$note publish this image under one.")
    fi
fi
read -ra tags <<<"$TAGS"
for tag in "${tags[@]}"; do
    present=
    found=$(digest_of "$IMAGE:$tag")
    if [[ -n ${COMMIT:-} && -n $found ]]; then present=$(commit_of "$IMAGE@$found"); fi
    if [[ -n $present && $present != "$COMMIT" ]] &&
        git merge-base --is-ancestor "$COMMIT" "$present" 2>/dev/null; then
        notes+=("$tag was left alone: its image was built from $present, a later commit.")
    else
        add_tag "$tag"
    fi
done
for note in "${notes[@]}"; do echo "::notice title=Tag::$note"; done
printf '%s\n' "tags=${added[*]}" "note=${notes[*]}" >>"$GITHUB_OUTPUT"
