#!/usr/bin/env bash
# The job's summary: what the image is, and how to get it.
set -euo pipefail

read -ra tags <<<"$TAGS"
{
    printf '## %s\n\n| image | tags |\n| --- | --- |\n' "$TITLE"
    printf '| `%s` |%s |\n' "$IMAGE@$DIGEST" "$(printf ' `%s`' "${tags[@]}")"
    [[ -z ${NOTE:-} ]] || printf '\n%s\n' "$NOTE"
    printf '\n```sh\ndocker pull %s\n```\n' "$IMAGE@$DIGEST"
} >>"$GITHUB_STEP_SUMMARY"
