# The environment that this project's commands run in: `. toolchain/env.sh` once per shell, then plain `pulumi` works.
# Sets only what is missing: tools that toolchain/setup.sh installed go on PATH, and where nobody is logged in to a Pulumi
# backend, state and passphrase are those of the local backend in the user's state folder. Bash or zsh.

mlops_root=$(cd "$(dirname "${BASH_SOURCE[0]:-$0}")/.." && pwd)

# Pulumi, npm, Go and the docker command need HOME. Where it is not set (a container, a service), it is
# what the system's list of users says.
if [ -z "${HOME:-}" ]; then
    unset HOME
    HOME=~
    export HOME
fi

# mlops_folder OWN XDG DEFAULT: the project's own setting, else a folder in the user's XDG folder, else
# one in HOME. A relative XDG path is ignored, as its specification wants; a relative own one is from
# the project's folder.
mlops_folder() {
    case $1 in
    /*) echo "$1" ;;
    ?*) echo "$mlops_root/$1" ;;
    '') case $2 in /*) echo "$2/mlops" ;; *) echo "${HOME%/}/$3/mlops" ;; esac ;;
    esac
}
mlops_cache=$(mlops_folder "${MLOPS_CACHE:-}" "${XDG_CACHE_HOME:-}" .cache)
mlops_state=$(mlops_folder "${MLOPS_STATE:-}" "${XDG_STATE_HOME:-}" .local/state)
mlops_pulumi_home=${PULUMI_HOME:-${HOME%/}/.pulumi}

# The version of a package in package-lock.json: the one place where every tool's version is pinned.
mlops_version() {
    awk -v key="\"node_modules/$1\":" '$1 == key { found = 1 } found && $1 == "\"version\":" { gsub(/[",]/, "", $2); print $2; exit }' \
        "$mlops_root/package-lock.json"
}

mlops_pulumi=$mlops_cache/pulumi-$(mlops_version @pulumi/pulumi)
mlops_node=$mlops_cache/node-24.21.0
mlops_linters=$mlops_cache/linters
mlops_measure=$mlops_cache/measure
mlops_terraform_providers=$mlops_cache/terraform-providers
for mlops_bin in "$mlops_measure/bin" "$mlops_linters/bin" "$mlops_cache/bin" "$mlops_node/bin" "$mlops_pulumi/bin"; do
    case ":$PATH:" in *":$mlops_bin:"*) ;; *) [ -d "$mlops_bin" ] && PATH=$mlops_bin:$PATH ;; esac
done
export PATH

# Logged in to a backend (`pulumi login`, an access token, PULUMI_BACKEND_URL): that one. Otherwise a folder on this machine.
if [ -z "${PULUMI_BACKEND_URL:-}${PULUMI_ACCESS_TOKEN:-}" ] &&
    ! grep -qs '"current": *"[^"]' "$mlops_pulumi_home/credentials.json"; then
    export PULUMI_BACKEND_URL=file://$mlops_state/backend
fi
if [ "${PULUMI_BACKEND_URL:-}" = "file://$mlops_state/backend" ] &&
    [ -z "${PULUMI_CONFIG_PASSPHRASE+set}${PULUMI_CONFIG_PASSPHRASE_FILE:-}" ]; then
    export PULUMI_CONFIG_PASSPHRASE_FILE=$mlops_state/passphrase
fi

# The Docker provider knows DOCKER_HOST and the default socket, but not the context that `docker context use` chose.
if [ -z "${DOCKER_HOST:-}${DOCKER_CONTEXT:-}" ] && grep -qs '"currentContext"' "${DOCKER_CONFIG:-$HOME/.docker}/config.json"; then
    mlops_docker=$(docker context inspect --format '{{.Endpoints.docker.Host}}' 2>/dev/null) && export DOCKER_HOST="$mlops_docker"
fi

# The salt of the passphrase is in the state: a fresh clone takes it from there instead of making another.
export PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER=true PULUMI_SKIP_UPDATE_CHECK=true
# Node keeps the compiled sources: a quarter off every preview.
export NODE_COMPILE_CACHE="${NODE_COMPILE_CACHE:-$mlops_cache/node-compile-cache}"
# How many resources are worked on at once. Most of the time that is waiting: the GitHub provider waits a second after each secret. On two
# cores, whose default is 8, ten services come up in two thirds of the time. A machine with more cores has more by itself.
mlops_cores=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
[ "$mlops_cores" -gt 8 ] || export PULUMI_PARALLEL="${PULUMI_PARALLEL:-32}"
# The engine asks the providers for several differences at a time: 5 % off a preview of ten services, 9 % of fifty.
export PULUMI_PARALLEL_DIFF="${PULUMI_PARALLEL_DIFF:-true}"

# One line where this machine is not set up yet.
mlops_notice() {
    if ! command -v pulumi >/dev/null; then
        echo 'This project is not set up on this machine yet (there is no pulumi): make setup' >&2
    elif [ "${PULUMI_BACKEND_URL:-}" = "file://$mlops_state/backend" ] &&
        [ ! -d "$mlops_state/backend" ]; then
        echo "This project is not set up on this machine yet (no state in $mlops_state): make setup" >&2
    fi
}
[ -n "${mlops_script:-}" ] || mlops_notice
