#!/usr/bin/env bash
# Finds the image of this commit: a run that is repeated must not build another one.
digest=$(digest_of "$IMAGE:sha-$COMMIT")
if [[ -n $VERSION ]]; then
    named=$(digest_of "$IMAGE:$VERSION")
    # `sha-COMMIT` may have been pruned since.
    if [[ -z $digest && -n $named ]]; then
        commit=$(commit_of "$IMAGE@$named")
        [[ $commit != "$COMMIT" ]] || digest=$named
    fi
    refuse_another "$VERSION" "$named" "$digest"
fi
if [[ -n $digest ]]; then echo "$COMMIT has been built: $IMAGE@$digest"; fi
printf '%s\n' "digest=$digest" "date=$(git log -1 --format=%ct "$COMMIT")" >>"$GITHUB_OUTPUT"
