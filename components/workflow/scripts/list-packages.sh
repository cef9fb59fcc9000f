#!/usr/bin/env bash
# Writes the list of the image's packages, which BuildKit has made, to a file. An index of several
# platforms has one of each: that of PLATFORM, and the digest of its image.
if ! docker buildx imagetools inspect --format '{{json .SBOM}}' "$IMAGE" |
    jq --exit-status --arg platform "${PLATFORM:-}" '.SPDX // .[$platform].SPDX' \
        >"$RUNNER_TEMP/sbom.json"; then
    fail Packages "$IMAGE has no list of its packages that can be read. Run this again; if that" \
        "does not help, look for a problem of the SBOM scanner in the build's log."
fi
if [[ -n ${PLATFORM:-} ]]; then
    digest=$(docker buildx imagetools inspect --raw "$IMAGE" |
        jq --exit-status --raw-output --arg platform "$PLATFORM" '.manifests[] |
            select("\(.platform.os)/\(.platform.architecture)" == $platform).digest')
    echo "digest=$digest" >>"$GITHUB_OUTPUT"
fi
