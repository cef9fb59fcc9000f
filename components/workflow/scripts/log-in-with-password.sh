#!/usr/bin/env bash
# Logs in to the registry with the credentials of the GitHub secrets.
missing=()
[[ -n $REGISTRY_USERNAME ]] || missing+=("$USERNAME_SECRET")
[[ -n $REGISTRY_PASSWORD ]] || missing+=("$PASSWORD_SECRET")
restore="Run \`pulumi up\` of the stack that the first line of this workflow's file names: it sets"
if ((${#missing[@]} > 0)); then
    fail Login "GitHub has no value for: ${missing[*]}. $restore these secrets in $WHERE."
fi
docker_login "$REGISTRY_USERNAME" "$restore $USERNAME_SECRET and $PASSWORD_SECRET in $WHERE to \
what the robot has now." <<<"$REGISTRY_PASSWORD"
