#!/usr/bin/env bash
# Verifies that GitHub has an attestation that the workflow in this repository built the image.
set -euo pipefail
gh attestation verify "oci://$IMAGE" --repo "$GITHUB_REPOSITORY" \
    --signer-workflow "$GITHUB_REPOSITORY/$WORKFLOW"
