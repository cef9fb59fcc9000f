# shellcheck shell=bash
# The steps of the Docker engine and of the base image that the service is built on.

docker_found() {
    local versions
    if ! versions=$(docker version --format '{{.Client.Version}} {{.Server.Version}}' 2>/dev/null) || [[ $versions != *' '?* ]]; then
        [[ $(docker version 2>&1 >/dev/null) != *'permission denied'* ]] || docker_missing=$docker_permission
        return 1
    fi
    can_build "${versions% *}" || return 1
    found="engine ${versions#* }, client ${versions% *}"
}
# A client from 23 on needs its buildx component to build; before, it had that inside.
can_build() { ((${1%%.*} < 23)) || docker buildx version >/dev/null 2>&1; }
docker_missing='a running Docker engine: https://docs.docker.com/engine/install'
user=$(id -un 2>/dev/null || id -u)
docker_permission="sudo usermod -aG docker $user, and log in again (in this shell alone: newgrp docker)"
docker_install() {
    local id=
    [[ -r /etc/os-release ]] && id=$(. /etc/os-release && echo "${ID:-} ${ID_LIKE:-}")
    if ! docker version >/dev/null 2>&1; then docker_engine_install "$id"; fi
    if ! docker_found; then
        # Another client is first on PATH, without buildx: the distribution's own, which can build, goes before it.
        (PATH=/usr/bin:/bin && docker_found) || die docker 'the client cannot build: its buildx component is missing' \
            'apt-get install docker-buildx, or: https://docs.docker.com/go/buildx'
        mkdir -p "$mlops_cache/bin" && ln -sf /usr/bin/docker "$mlops_cache/bin/docker"
        . toolchain/env.sh
    fi
}
docker_engine_install() {
    local id=$1
    [[ $docker_missing != "$docker_permission" ]] ||
        die docker "the user $user has no permission to use the Docker engine: not in the group docker" "$docker_permission"
    [[ -z ${DOCKER_HOST:-} ]] || die docker "no engine answers at DOCKER_HOST=$DOCKER_HOST" 'start it, or unset DOCKER_HOST'
    [[ $(uname -s) == Linux ]] || die docker 'no Docker engine answers' 'start Docker Desktop, or: colima start'
    [[ $(id -u) == 0 ]] || die docker 'no Docker engine answers' \
        'sudo systemctl start docker; not installed: sudo apt-get install docker.io'
    if ! command -v dockerd >/dev/null; then
        [[ " $id " == *' debian '* || " $id " == *' ubuntu '* ]] || die docker 'no Docker engine is installed' "$docker_missing"
        long docker 'installing the package docker.io' apt_docker || die docker 'not installed' 'apt-get install docker.io'
    fi
    long docker 'starting the engine' start_docker || die docker 'the engine does not start' "see $log"
}
apt_install() { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "$@"; }
# The engine; and the client and its buildx component, where the distribution has them apart.
apt_docker() {
    local packages
    apt-get update -q && packages=$(apt-cache pkgnames docker | grep -xE 'docker\.io|docker-cli|docker-buildx') && apt_install $packages
}
docker_answers() {
    local deadline=$((SECONDS + $1))
    until docker version >/dev/null 2>&1; do ((SECONDS < deadline)) || return 1; sleep 0.2; done
}
start_docker() {
    if [[ -d /run/systemd/system ]]; then
        systemctl start docker && docker_answers 60 && return
    elif service docker start 9>&-; then
        docker_answers 20 && return
    fi
    # A container or a minimal machine, where no service manager may start it.
    setsid nohup dockerd >>"$mlops_cache/dockerd.log" 2>&1 </dev/null 9>&- & # it outlives this script, without its lock
    docker_answers 60 || { tail -n 20 "$mlops_cache/dockerd.log"; return 1; }
}

stand_in='org.opencontainers.image.title'
image_found() {
    local title
    title=$(docker image inspect --format "{{index .Config.Labels \"$stand_in\"}}" "$base_image" 2>/dev/null) || return 1
    found=$base_image
    [[ $title != stand-in* ]] || found+=' (STAND-IN made from Debian packages: Docker Hub was out of reach)'
}
image_missing="docker pull $base_image"
image_install() {
    if long image "pulling $base_image" docker pull --quiet "$base_image" 2>/dev/null; then return; fi
    [[ $(id -u) == 0 && -r /etc/debian_version && $base_image == python:3.11.2-bullseye ]] ||
        die image "$base_image cannot be pulled" "$image_missing"
    . toolchain/offline/build.sh
    build_image
}
