#!/usr/bin/env bash
set -euo pipefail

# Prints the digest of a tag, or nothing where the registry has no such tag.
digest_of() {
    local problem
    problem=$(mktemp)
    docker buildx imagetools inspect --format '{{.Manifest.Digest}}' "$1" 2>"$problem" && return
    grep --quiet ': not found$' "$problem" && return
    cat "$problem" >&2
    echo "::error title=Registry::$1 cannot be read: the robot needs to be logged in, with the" \
        "permission to write to this repository." >&2
    return 1
}
