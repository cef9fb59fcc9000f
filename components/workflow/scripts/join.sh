#!/usr/bin/env bash
# Joins the platforms' images into one index, with the list of packages and the provenance of each.
mapfile -t sources <<<"$SOURCES"
problem="The images of the platforms cannot be joined: buildx says why above. Run all jobs again:"
problem+=" the registry deletes an image that has got no tag for long."
index=$(docker buildx imagetools create --dry-run "${sources[@]}") || fail Platforms "$problem"
digest=sha256:$(printf %s "$index" | sha256sum | cut --delimiter=' ' --fields=1)
# Pushed by its digest: it gets its tags once it has passed all steps.
docker buildx imagetools create --tag "$IMAGE@$digest" "${sources[@]}" || fail Platforms "$problem"
echo "digest=$digest" >>"$GITHUB_OUTPUT"
