#!/usr/bin/env bash
# Logs in to Quay as a robot: exchanges the job's identity token for a token of Quay's, which is
# valid for one hour. The robot's federation has to accept the job's identity.
restore="Run \`pulumi up\` of the stack that the first line of this workflow's file names"
if [[ -z ${ACTIONS_ID_TOKEN_REQUEST_URL:-} ]]; then
    fail Login "GitHub gives this job no identity token: it lacks the permission id-token: write." \
        "$restore: it restores the job's permissions."
fi
body=$(mktemp)
trap 'rm "$body"' EXIT

# ask OPTION…: writes the answer to $body. Prints its status, or 000 and what curl says.
# Pass secrets to curl by file descriptors: other processes can read a command line.
ask() {
    curl --silent --retry 3 --max-time 30 --output "$body" \
        --write-out '%{http_code} %{errormsg}\n' "$@" || true
}

read -r status problem < <(
    ask --header @<(printf 'Authorization: bearer %s' "$ACTIONS_ID_TOKEN_REQUEST_TOKEN") \
        "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=$REGISTRY"
)
identity=$(jq --raw-output '.value // empty' "$body" 2>/dev/null) || true
if [[ -z $identity ]]; then
    fail Login "GitHub did not give this job its identity token: status $status $problem." \
        "Nothing is wrong with the robot: run this job again."
fi
echo "::add-mask::$identity"

read -r status problem < <(
    ask --config <(printf 'user = "%s:%s"' "$ROBOT" "$identity") \
        "$REGISTRY_URL/oauth2/federation/robot/token"
)
case $status in
    200 | 404 | 405)
        token=$(jq --raw-output '.token // empty' "$body" 2>/dev/null) || true
        if [[ -z $token ]]; then
            fail Login "$REGISTRY_URL has no login of robots without a password: status $status." \
                "Set mlops:github.federation to false. $restore: it sets the secrets instead."
        fi
        ;;
    000)
        fail Login "$REGISTRY_URL cannot be reached: $problem. Nothing is wrong with the robot:" \
            "run this job again when Quay answers."
        ;;
    429 | 5??)
        fail Login "$REGISTRY_URL does not work at the moment: status $status. Nothing is wrong" \
            "with the robot: run this job again."
        ;;
    *)
        subject_of='split(".")[1] | gsub("-"; "+") | gsub("_"; "/") | @base64d | fromjson | .sub'
        subject=$(jq --raw-input --raw-output "$subject_of" <<<"$identity")
        fail Login "$REGISTRY does not accept this job as $ROBOT. The robot's federation has to" \
            "name the subject $subject. $restore: it sets that. The registry answered:" \
            "$(<"$body")."
        ;;
esac
echo "::add-mask::$token"
docker_login "$ROBOT" "It is the one that Quay has just given this job: run it again." <<<"$token"
