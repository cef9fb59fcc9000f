#!/usr/bin/env bash
# docker_login USERNAME ADVICE: logs in with the password of the standard input.
docker_login() {
    local problem
    problem=$(docker login --username "$1" --password-stdin "$REGISTRY" 2>&1 >/dev/null) && return
    problem=$(tail -n 1 <<<"$problem")
    if [[ $problem =~ unauthorized|denied|incorrect ]]; then
        fail Login "$REGISTRY refuses the password: $problem. $2"
    fi
    fail Login "The login to $REGISTRY did not work: $problem. If the registry could not be" \
        "reached, nothing is wrong with the secrets: run this job again."
}
