#!/usr/bin/env bash
# Runs the image with the container's settings of its deployment, until its service is healthy.

# show COMMAND…: shows what a command prints, none of which is a command to the runner.
show() {
    local end
    end=$(</proc/sys/kernel/random/uuid)
    echo "::stop-commands::$end"
    "$@" 2>&1 || true
    printf '\n::%s::\n' "$end" # a command begins a line, however the output ends
}

# give_up PROBLEM: shows the end of the container's output.
give_up() {
    show docker logs --tail 50 "$container"
    fail "Smoke test" "$IMAGE does not work: $1. The end of its output is above. Correct the" \
        "service, or its settings in mlops:env and mlops:container."
}

# attempt WHAT COMMAND…: runs a command; ends the step with its last line where it fails.
attempt() {
    local problem code=0
    problem=$(mktemp)
    "${@:2}" 2>"$problem" || code=$?
    [[ ! -s $problem ]] || show cat "$problem" >&2
    ((code == 0)) || fail "Smoke test" "$IMAGE cannot be $1: $(tail -n 1 "$problem"). Correct its" \
        "Dockerfile or mlops:container; run this job again if it is this runner that cannot."
}

# The registry is asked with this job's credentials: the engine may have the image already.
found=$(digest_of "$IMAGE")
if [[ -z $found ]]; then
    fail Image "The registry has no $IMAGE: it was deleted, or pruned. Run \`pulumi up\` of the" \
        "stack that the first line of this workflow's file names, or release another version."
fi
attempt pulled docker pull --quiet "$IMAGE"
mapfile -t options <<<"$RUN_OPTIONS"
for option in "${options[@]}"; do
    [[ $option =~ ^--env=([A-Za-z0-9_]+)$ ]] || continue
    # A secret that does not exist is empty; unset it, or docker would pass on the empty value.
    if [[ -z ${!BASH_REMATCH[1]:-} ]]; then
        unset "${BASH_REMATCH[1]}"
        echo "::warning title=Smoke test::The service runs without ${BASH_REMATCH[1]}:" \
            "there is no GitHub secret of this name."
    fi
done
container=$(attempt "made a container" \
    docker create --publish "127.0.0.1::$CONTAINER_PORT" "${options[@]}" "$IMAGE")
trap 'docker rm --force --volumes "$container" >/dev/null' EXIT
user=$(docker inspect --format '{{.Config.User}}' "$container")
if [[ $STRICT == true && $user =~ ^(root|0+)?(:|$) ]]; then
    fail "Smoke test" "$IMAGE runs as root: add the line USER 10001 to its Dockerfile, or set" \
        "mlops:container.user."
fi
attempt started docker start "$container" >/dev/null

# With a health path, it has to answer with a success status. Without one, the image's HEALTHCHECK,
# if any, has to report healthy, and the port has to answer.
is_healthy() {
    local address health
    address=$(docker port "$container" "$CONTAINER_PORT/tcp")
    if [[ -n ${HEALTH_PATH:-} ]]; then
        curl --fail --silent --max-time 5 --output /dev/null "http://$address$HEALTH_PATH"
    else
        health=$(docker inspect \
            --format '{{if .State.Health}}{{.State.Health.Status}}{{end}}' "$container")
        [[ ${health:-healthy} == healthy ]] &&
            curl --silent --http0.9 --max-time 5 --output /dev/null "http://$address/"
    fi
}

deadline=$((SECONDS + TIMEOUT))
until is_healthy 2>/dev/null; do
    if [[ $(docker inspect --format '{{.State.Running}}' "$container") != true ]]; then
        code=$(docker inspect --format '{{.State.ExitCode}}' "$container")
        if [[ $(docker inspect --format '{{.State.OOMKilled}}' "$container") == true ]]; then
            give_up "it needs more memory than mlops:cluster.memory allows"
        fi
        give_up "it ended, with exit code $code"
    elif ((SECONDS >= deadline)); then
        exposed=$(docker image inspect \
            --format '{{range $port, $_ := .Config.ExposedPorts}}{{$port}} {{end}}' "$IMAGE")
        problem="${HEALTH_PATH:-port $CONTAINER_PORT} was not answered"
        problem+="${HEALTH_PATH:+ with success} within $TIMEOUT s"
        give_up "$problem${exposed:+ (the image EXPOSEs ${exposed% })}"
    fi
    sleep 0.2
done
echo "$IMAGE works."
