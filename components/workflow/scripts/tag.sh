#!/usr/bin/env bash
# Tags the image in the registry. The tags of its commit and of its version never move. The others
# do, but not back from the image of a later commit, nor from that of a newer version.

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

# expand TAG VERSION: prints TAG with the version's numbers, as in 1.1 for {{major}}.{{minor}};
# nothing if the version is not one of three numbers, as a pre-release is not.
expand() {
    local tag=$1
    [[ $2 =~ ^([0-9]+)\.([0-9]+)\.[0-9]+$ ]] || return 0
    tag=${tag//'{{major}}'/${BASH_REMATCH[1]}}
    echo "${tag//'{{minor}}'/${BASH_REMATCH[2]}}"
}

# newest_of TAG: prints the newest of the versions that share TAG with this one. They are those of
# this commit and of the ones before it.
newest_of() {
    local version
    while read -r version; do
        version=${version#v}
        [[ $(expand "$1" "$version") == "$(expand "$1" "$VERSION")" ]] || continue
        echo "$version"
        break
    done < <(git tag --list 'v*' --merged HEAD --sort=-version:refname)
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
    if [[ $tag == *'{{'* ]]; then
        followed=$tag
        tag=$(expand "$followed" "${VERSION:-}")
        [[ -n $tag ]] || continue
        newest=$(newest_of "$followed")
        if [[ $newest != "$VERSION" ]]; then
            notes+=("$tag was left alone: there is the newer version $newest.")
            continue
        fi
    fi
    present=$(digest_of "$IMAGE:$tag")
    if [[ -n ${COMMIT:-} && -n $present ]] && is_ahead "$present"; then
        notes+=("$tag was left alone: $present was built from a later commit.")
    else
        add_tag "$tag" "$present"
    fi
done
for note in "${notes[@]}"; do echo "::notice title=Tag::$note"; done
printf '%s\n' "digest=$DIGEST" "tags=${added[*]}" "note=${notes[*]}" >>"$GITHUB_OUTPUT"
