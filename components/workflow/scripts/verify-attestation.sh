#!/usr/bin/env bash
# Goes on only with an image that the named workflow of this repository built: GitHub has a signed statement of that.
set -euo pipefail
gh attestation verify "oci://$IMAGE" --repo "$GITHUB_REPOSITORY" --signer-workflow "$GITHUB_REPOSITORY/$WORKFLOW"
