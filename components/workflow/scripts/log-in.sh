#!/usr/bin/env bash
# Logs in to Quay as a robot: exchanges the job's identity token for a token of Quay's, which is
# valid for one hour. The robot's federation has to accept the job's identity.
set -euo pipefail

# Pass secrets to curl by file descriptors: other processes can read a command line.
ask() { curl --fail-with-body --silent --show-error --retry 3 --max-time 30 "$@"; }

identity=$(ask --header @<(printf 'Authorization: bearer %s' "$ACTIONS_ID_TOKEN_REQUEST_TOKEN") \
    "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=$REGISTRY" | jq --exit-status --raw-output .value)
echo "::add-mask::$identity"

if ! answer=$(ask --config <(printf 'user = "%s:%s"' "$ROBOT" "$identity") \
    "$REGISTRY_URL/oauth2/federation/robot/token"); then
    subject_of='split(".")[1] | gsub("-"; "+") | gsub("_"; "/") | @base64d | fromjson | .sub'
    subject=$(jq --raw-input --raw-output "$subject_of" <<<"$identity")
    echo "::error title=Login::$REGISTRY does not accept this job as $ROBOT. The robot's" \
        "federation has to name the subject $subject. The registry answered: $answer"
    exit 1
fi
token=$(jq --exit-status --raw-output .token <<<"$answer")
echo "::add-mask::$token"
docker login --username "$ROBOT" --password-stdin "$REGISTRY" <<<"$token"
