#!/usr/bin/env bash
# Logs in as a robot that trusts the identity of this job: GitHub's token for the job, exchanged for Quay's, which lasts an hour.
set -euo pipefail

# Secrets reach curl by file descriptors: every process of the machine can read a command line.
ask() { curl --fail-with-body --silent --show-error --retry 3 --max-time 30 "$@"; }

identity=$(ask --header @<(printf 'Authorization: bearer %s' "$ACTIONS_ID_TOKEN_REQUEST_TOKEN") \
    "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=$REGISTRY" | jq --exit-status --raw-output .value)
echo "::add-mask::$identity"

if ! answer=$(ask --config <(printf 'user = "%s:%s"' "$ROBOT" "$identity") "$REGISTRY_URL/oauth2/federation/robot/token"); then
    subject=$(jq --raw-input --raw-output 'split(".")[1] | gsub("-"; "+") | gsub("_"; "/") | @base64d | fromjson | .sub' <<<"$identity")
    echo "::error title=Login::$REGISTRY does not take this job for $ROBOT. The robot's federation has to name the subject $subject. It said: $answer"
    exit 1
fi
token=$(jq --exit-status --raw-output .token <<<"$answer")
echo "::add-mask::$token"
docker login --username "$ROBOT" --password-stdin "$REGISTRY" <<<"$token"
