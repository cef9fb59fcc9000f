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
        fail Tag "$IMAGE:$1 is $found, not $DIGEST. Run this job again; if it stays so, the" \
            "registry changes what it copies."
    fi
    added+=("$1")
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
        notes+=("Another run has built this commit at the same time: its image is taken.")
        DIGEST=$present
    fi
    add_tag "sha-$COMMIT" "$present"
fi
if [[ -n ${VERSION:-} ]]; then
    present=$(digest_of "$IMAGE:$VERSION")
    refuse_another "$VERSION" "$present" "$DIGEST"
    add_tag "$VERSION" "$present"
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
printf '%s\n' "digest=$DIGEST" "tags=${added[*]}" "note=${notes[*]}" >>"$GITHUB_OUTPUT"
