# shellcheck shell=bash
# Installs Debian packages on a machine without a Docker engine, and makes the base image of them
# where it cannot be pulled. A step sources this.

# apt_install PACKAGE...
apt_install() {
    [[ $(id -u) == 0 && -e /etc/debian_version ]] && long "the packages $*" apt_get "$@"
}
apt_get() {
    apt-get update -q && DEBIAN_FRONTEND=noninteractive \
        apt-get install -qy --no-install-recommends "$@"
}

# apt_extract FOLDER PACKAGE...: puts the files of the packages into FOLDER. Installs and starts
# nothing.
apt_extract() {
    local archives archive
    [[ $(id -u) == 0 && -e /etc/debian_version ]] && apt-get update -q &&
        archives=$(mktemp -d) && (cd "$archives" && apt-get download -q "${@:2}") || return
    for archive in "$archives"/*.deb; do dpkg -x "$archive" "$1" || return; done
    rm -r "$archives"
}

install_docker() {
    docker version >/dev/null 2>&1 || install_engine
    ! docker_found || return 0
    # The first client on PATH has no buildx component: the distribution's own goes before it.
    (PATH=/usr/bin:/bin && docker_found) || die 'the client has no buildx component to build with' \
        'apt-get install docker-buildx, or: https://docs.docker.com/go/buildx'
    mkdir -p "$mlops_cache/bin" && ln -sf /usr/bin/docker "$mlops_cache/bin/docker"
}
install_engine() {
    [[ $docker_fix != *usermod* ]] || die "$(id -un) has no permission for the engine" "$docker_fix"
    [[ -z ${DOCKER_HOST:-} ]] ||
        die "no engine answers at DOCKER_HOST=$DOCKER_HOST" 'start it, or unset DOCKER_HOST'
    [[ $(uname -s) == Linux ]] ||
        die 'no Docker engine answers' 'start Docker Desktop, or: colima start'
    [[ $(id -u) == 0 ]] || die 'no Docker engine answers' \
        'sudo systemctl start docker; not installed: sudo apt-get install docker.io'
    # Newer distributions have the client and its buildx component in packages of their own.
    # shellcheck disable=SC2046
    command -v dockerd >/dev/null || { apt_install docker.io && apt_install $(
        apt-cache pkgnames docker- | grep -xE 'docker-cli|docker-buildx'
    ); } || die 'no Docker engine is installed' "$docker_fix"
    long 'starting the engine' start_engine || die 'the engine does not start' "see $log"
}
# Without the lock: the engine outlives this script.
start_engine() {
    { systemctl start docker || service docker start; } 9>&- && engine_answers 20 && return
    # A container or a minimal machine, without a service manager.
    setsid nohup dockerd >>"$mlops_cache/dockerd.log" 2>&1 </dev/null 9>&- &
    engine_answers 60 || { tail -n 20 "$mlops_cache/dockerd.log" && return 1; }
}
engine_answers() {
    local deadline=$((SECONDS + $1))
    until docker version >/dev/null 2>&1; do ((SECONDS < deadline)) || return 1; sleep 0.2; done
}

# Makes the stand-in, if it is not there, and has env.sh name it.
import_base_image() {
    local image=${base_image%@*}
    [[ $image == python:3.11.2-bullseye ]] || return
    say 'Docker Hub is out of reach: a STAND-IN for the base image is made of Debian packages'
    stand_in_found "$image" || {
        { command -v debootstrap >/dev/null || apt_install debootstrap; } &&
            long "the stand-in for $image" toolchain/offline/base-image.sh "$image"
    } || return
    echo "$image" >"$mlops_cache/base-image"
}
stand_in_found() {
    [[ $(docker image inspect "$1" --format "{{json .Config.Labels}}" 2>/dev/null) == *stand-in* ]]
}
