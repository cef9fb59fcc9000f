#!/usr/bin/env bash
# Signs the image with cosign, as the workflow that this job runs. The signature is stored next to
# the image, and in Sigstore's public log, where everybody can read the names of both.
if ! cosign sign --yes "$IMAGE"; then
    fail Signature "$IMAGE could not be signed: cosign says why above. If Sigstore cannot be" \
        "reached, run this again."
fi
