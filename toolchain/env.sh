# Sets up the environment of this project's commands, for bash or zsh: run `. toolchain/env.sh` once
# per shell, then plain `pulumi` works. Puts the tools of toolchain/setup.sh on PATH. Without a
# login to a Pulumi backend, uses the local backend and passphrase in the user's state folder.

mlops_root=$(cd "$(dirname "${BASH_SOURCE[0]:-$0}")/.." && pwd)

# Pulumi, npm, Go and docker need HOME. If it is not set (in a container or service), it is read
# from the system's user database.
if [ -z "${HOME:-}" ]; then
    unset HOME
    HOME=~
    export HOME
fi

# mlops_folder OWN XDG DEFAULT: prints the project's setting OWN, else XDG/mlops, else
# HOME/DEFAULT/mlops. A relative OWN is relative to the project's folder; a relative XDG path is
# ignored, as its specification says.
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
# Without it Pulumi ignores HOME and takes the home folder in the system's user database.
export PULUMI_HOME="$mlops_pulumi_home"

# mlops_version PACKAGE: prints its version from package-lock.json, which pins every tool's version.
mlops_version() {
    awk -v key="\"node_modules/$1\":" '
        $1 == key { found = 1 }
        found && $1 == "\"version\":" { gsub(/[",]/, "", $2); print $2; exit }' \
        "$mlops_root/package-lock.json"
}

mlops_pulumi=$mlops_cache/pulumi-$(mlops_version @pulumi/pulumi)
mlops_node=$mlops_cache/node-24.21.0
mlops_linters=$mlops_cache/linters
mlops_python=$mlops_cache/python
mlops_measure=$mlops_cache/measure
mlops_terraform_providers=$mlops_cache/terraform-providers
for mlops_bin in "$mlops_measure/bin" "$mlops_linters/bin" "$mlops_cache/bin" "$mlops_node/bin" \
    "$mlops_pulumi/bin"; do
    case ":$PATH:" in *":$mlops_bin:"*) ;; *) [ -d "$mlops_bin" ] && PATH=$mlops_bin:$PATH ;; esac
done
export PATH

# The stand-in for the base image, where it cannot be pulled (setup.sh): what builds take instead.
if [ -z "${MLOPS_BASE_IMAGE:-}" ] && [ -s "$mlops_cache/base-image" ]; then
    MLOPS_BASE_IMAGE=$(cat "$mlops_cache/base-image")
    export MLOPS_BASE_IMAGE
fi

# Without a login (`pulumi login`, an access token, PULUMI_BACKEND_URL) the backend is a local
# folder.
if [ -z "${PULUMI_BACKEND_URL:-}${PULUMI_ACCESS_TOKEN:-}" ] &&
    ! grep -qs '"current": *"[^"]' "$mlops_pulumi_home/credentials.json"; then
    export PULUMI_BACKEND_URL=file://$mlops_state/backend
fi
if [ "${PULUMI_BACKEND_URL:-}" = "file://$mlops_state/backend" ] &&
    [ -z "${PULUMI_CONFIG_PASSPHRASE+set}${PULUMI_CONFIG_PASSPHRASE_FILE:-}" ]; then
    export PULUMI_CONFIG_PASSPHRASE_FILE=$mlops_state/passphrase
fi

# The Docker provider reads DOCKER_HOST, but not the context that `docker context use` chose.
if [ -z "${DOCKER_HOST:-}${DOCKER_CONTEXT:-}" ] &&
    grep -qs '"currentContext"' "${DOCKER_CONFIG:-$HOME/.docker}/config.json"; then
    mlops_docker=$(docker context inspect --format '{{.Endpoints.docker.Host}}' 2>/dev/null) &&
        export DOCKER_HOST="$mlops_docker"
fi

# A fresh clone reads the passphrase's salt from the state instead of creating another.
export PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER=true PULUMI_SKIP_UPDATE_CHECK=true
# The engine downloads no plugin by itself: setup.sh does, and compares its checksum.
export PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true
# Node.js caches the compiled sources: every preview takes a quarter less time.
export NODE_COMPILE_CACHE="${NODE_COMPILE_CACHE:-$mlops_cache/node-compile-cache}"
# Resources that Pulumi works on at once, mostly waiting: the GitHub provider waits a second after
# each secret. On two cores (default: 8) ten services come up in two thirds of the time. More than
# eight cores have a higher default.
mlops_cores=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
[ "$mlops_cores" -gt 8 ] || export PULUMI_PARALLEL="${PULUMI_PARALLEL:-32}"
# The engine diffs several resources at once: previews of ten services take 5 % less, of fifty 9 %.
export PULUMI_PARALLEL_DIFF="${PULUMI_PARALLEL_DIFF:-true}"

# Prints one line if this machine is not set up yet.
mlops_notice() {
    if ! command -v pulumi >/dev/null; then
        echo 'This project is not set up on this machine yet (there is no pulumi): make setup' >&2
    elif [ "${PULUMI_BACKEND_URL:-}" = "file://$mlops_state/backend" ] &&
        [ ! -d "$mlops_state/backend" ]; then
        echo "This project is not set up on this machine yet" \
            "(no state in $mlops_state): make setup" >&2
    fi
}
[ -n "${mlops_script:-}" ] || mlops_notice
