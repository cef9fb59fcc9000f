#!/usr/bin/env bash
set -euo pipefail

# Prints the digest of a tag, or nothing where the registry has no such tag.
digest_of() {
    local problem
    problem=$(mktemp)
    docker buildx imagetools inspect --format '{{.Manifest.Digest}}' "$1" 2>"$problem" && return
    grep --quiet ': not found$' "$problem" && return
    echo "::error title=Registry::$1 cannot be read: $(tail -n 1 "$problem"). If the registry" \
        "denies access, give the robot the permission Write; otherwise run this again." >&2
    return 1
}

# Prints the commit that an image was built from, or nothing where the image does not say.
commit_of() {
    local label='[.. | objects | .["org.opencontainers.image.revision"] // empty] | first // ""'
    docker buildx imagetools inspect --format '{{json .Image}}' "$1" | jq --raw-output "$label"
}

# refuse_another VERSION PRESENT DIGEST: fails if the version names another image, PRESENT.
refuse_another() {
    [[ -n $2 && $2 != "$3" ]] || return 0
    echo "::error title=Version::$1 is another image already, $IMAGE@$2, and a version never" \
        "moves. Give this commit the next version: push another git tag."
    exit 1
}
