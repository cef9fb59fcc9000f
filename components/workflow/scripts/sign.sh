#!/usr/bin/env bash
# Signs the image with cosign, as the workflow that this job runs. The signature is stored next to
# the image, and in Sigstore's public log, where everybody can read the names of both.
set -euo pipefail
if ! cosign sign --yes "$IMAGE"; then
    echo "::error title=Signature::$IMAGE could not be signed: cosign says why above. If Sigstore" \
        "cannot be reached, run this again."
    exit 1
fi
