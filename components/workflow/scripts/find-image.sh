#!/usr/bin/env bash
# Finds the image of this commit: a run that is repeated must not build another one.
digest=$(digest_of "$IMAGE:sha-$COMMIT")
if [[ -n $digest ]]; then echo "$COMMIT has been built: $IMAGE@$digest"; fi
printf '%s\n' "digest=$digest" "date=$(git log -1 --format=%ct "$COMMIT")" >>"$GITHUB_OUTPUT"
