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
