#!/usr/bin/env bash
# Writes the list of the image's packages, which BuildKit has made, to a file.
if ! docker buildx imagetools inspect --format '{{json .SBOM}}' "$IMAGE" |
    jq --exit-status .SPDX >"$RUNNER_TEMP/sbom.json"; then
    fail Packages "$IMAGE has no list of its packages that can be read. Run this again; if that" \
        "does not help, look for a problem of the SBOM scanner in the build's log."
fi
