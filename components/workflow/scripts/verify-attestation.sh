#!/usr/bin/env bash
# Verifies that GitHub has an attestation that the workflow in this repository built the image.
if problem=$(gh attestation verify "oci://$IMAGE" --repo "$GITHUB_REPOSITORY" \
    --signer-workflow "$GITHUB_REPOSITORY/$WORKFLOW" 2>&1); then
    echo "$WORKFLOW of this repository has built $IMAGE."
    exit
fi
echo "$problem"
if [[ $problem =~ 'HTTP 404'|'no attestations' ]]; then
    fail Attestation "GitHub has no attestation of $IMAGE. Release a version that $WORKFLOW has" \
        "built with attestation, or unset mlops:github.workflow.attestedBy."
fi
fail Attestation "No attestation shows that $WORKFLOW has built $IMAGE:" \
    "$(tail -n 1 <<<"$problem")." \
    "If GitHub or the registry could not be reached, run this job again; otherwise release a" \
    "version that this workflow has built."
