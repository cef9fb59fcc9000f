#!/usr/bin/env bash
# Runs the image without any power that a web service does not need, until it answers that it is healthy.
set -euo pipefail

docker pull --quiet "$IMAGE"
container=$(docker run --detach --init --publish "127.0.0.1::$CONTAINER_PORT" --env-file <(printf '%s\n' "${SERVICE_ENV:-}") \
    --read-only --tmpfs /tmp:size=64m,mode=1777 --cap-drop ALL --security-opt no-new-privileges "$IMAGE")
trap 'docker rm --force --volumes "$container" >/dev/null' EXIT

is_healthy() {
    local address
    address=$(docker port "$container" "$CONTAINER_PORT/tcp") &&
        curl --fail --silent --max-time 5 --output /dev/null "http://$address$HEALTH_PATH"
}

deadline=$((SECONDS + TIMEOUT))
until is_healthy 2>/dev/null; do
    if [[ $(docker inspect --format '{{.State.Running}}' "$container") != true ]]; then
        problem="it ended, with exit code $(docker inspect --format '{{.State.ExitCode}}' "$container")"
    elif ((SECONDS >= deadline)); then
        problem="$HEALTH_PATH was not answered with success within $TIMEOUT s"
    else
        sleep 0.2
        continue
    fi
    docker logs --tail 50 "$container" 2>&1
    echo "::error title=Smoke test::$IMAGE does not work: $problem. The end of its output is above."
    exit 1
done
echo "$IMAGE is healthy."
