#!/usr/bin/env bash
# Checks that a git tag names a version, and that its commit is on the branch that is published.
version=${TAG#v}
reserved='ctx-.*|sha-.*|buildcache(-.*)?|running'
for tag in $FLOATING_TAGS; do
    tag=${tag//./\\.}
    reserved+="|$(sed -E 's/\{\{(major|minor)\}\}/[0-9]+/g' <<<"$tag")"
done
if [[ ! $version =~ ^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$ || $version =~ ^($reserved)$ ]]; then
    fail Version "The git tag $TAG names no version: an image cannot have the tag \"$version\"," \
        "or has it for something else. Push another one, such as v1.1.0."
fi
if ! git merge-base --is-ancestor "$COMMIT" "refs/remotes/origin/$BRANCH"; then
    fail Version "The git tag $TAG is on $COMMIT, which is not on the branch $BRANCH: versions" \
        "are made from that branch alone. Merge the commit, then push a git tag that is on $BRANCH."
fi
echo "version=$version" >>"$GITHUB_OUTPUT"
