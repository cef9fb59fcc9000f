#!/usr/bin/env bash

# Prints the digest of a tag, or nothing where the registry has no such tag.
digest_of() {
    local problem
    problem=$(mktemp)
    docker buildx imagetools inspect --format '{{.Manifest.Digest}}' "$1" 2>"$problem" && return
    grep --quiet ': not found$' "$problem" && return
    if grep --quiet --ignore-case -E 'unauthorized|denied|authorization failed' "$problem"; then
        fail Registry "$1 may not be read: $(tail -n 1 "$problem"). The robot of this job's login" \
            "has no access to the repository, or there is none: run \`pulumi up\` of the stack" \
            "that the first line of this workflow's file names."
    fi
    fail Registry "$1 cannot be read: $(tail -n 1 "$problem"). If the registry cannot be reached" \
        "or has a problem of its own, run this job again."
}

# Prints the commit that an image was built from, or nothing where the image does not say.
commit_of() {
    local label='[.. | objects | .["org.opencontainers.image.revision"] // empty] | first // ""'
    docker buildx imagetools inspect --format '{{json .Image}}' "$1" | jq --raw-output "$label"
}

# refuse_another VERSION PRESENT DIGEST: fails if the version names another image, PRESENT.
refuse_another() {
    [[ -n $2 && $2 != "$3" ]] || return 0
    fail Version "$1 is another image already, $IMAGE@$2, and a version never moves. Give this" \
        "commit the next version: push another git tag."
}
