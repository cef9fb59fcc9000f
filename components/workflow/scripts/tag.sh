#!/usr/bin/env bash
# Tags the image in the registry. The tags of its commit and of its version never move. The others
# do, but not back from the image of a later commit.

# add_tag TAG PRESENT: PRESENT is the digest that the tag has, if any. The manifest is copied as it
# is: wrapped in an index it would get another digest.
add_tag() {
    local found=$2
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

# Succeeds if the image with this digest was built from a commit that comes after this one.
is_ahead() {
    local commit
    commit=$(commit_of "$IMAGE@$1") || exit
    [[ -n $commit && $commit != "$COMMIT" ]] &&
        git merge-base --is-ancestor "$COMMIT" "$commit" 2>/dev/null
}

added=()
notes=()
if [[ -n ${COMMIT:-} ]]; then
    present=$(digest_of "$IMAGE:sha-$COMMIT")
    if [[ -n $present && $present != "$DIGEST" ]]; then
        echo "::error title=Tag::$IMAGE:sha-$COMMIT is $present already: another run built this" \
            "commit. Run this one again: it takes that image."
        exit 1
    fi
    add_tag "sha-$COMMIT" "$present"
fi
if [[ -n ${VERSION:-} ]]; then
    present=$(digest_of "$IMAGE:$VERSION")
    if [[ -z $present || $present == "$DIGEST" ]]; then
        add_tag "$VERSION" "$present"
    else
        note="$VERSION is $present already and was left alone: raise the service's version to"
        notes+=("$note publish this image under one.")
    fi
fi
read -ra tags <<<"$TAGS"
for tag in "${tags[@]}"; do
    present=$(digest_of "$IMAGE:$tag")
    if [[ -n ${COMMIT:-} && -n $present ]] && is_ahead "$present"; then
        notes+=("$tag was left alone: $present was built from a later commit.")
    else
        add_tag "$tag" "$present"
    fi
done
for note in "${notes[@]}"; do echo "::notice title=Tag::$note"; done
printf '%s\n' "tags=${added[*]}" "note=${notes[*]}" >>"$GITHUB_OUTPUT"
