#!/usr/bin/env bash
# Everything that `pulumi up` needs on this machine. Idempotent: what is there is left alone; what an
# interrupted run left half-done is done again; a second run waits where both have something to install.
#   setup.sh            installs what is missing
#   setup.sh demo       and what `make demo` needs besides
#   setup.sh tests      and what only the tests need
#   setup.sh bench      and what only the benchmark needs
#   setup.sh preview    only what a preview needs: Node.js, packages, Pulumi, plugins, a state
#   setup.sh tools      the same where the state is elsewhere
#   setup.sh packages   only Node.js and packages
#   setup.sh doctor     only looks: a table, and exit code 1 where something is missing
# Nothing is installed into the checkout but node_modules: tools go to the user's cache folder
# (MLOPS_CACHE), plugins to PULUMI_HOME (~/.pulumi), the local stack's state and passphrase to the
# user's state folder (MLOPS_STATE).
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
# shellcheck source=toolchain/common.sh
. toolchain/common.sh
[[ $# == 0 ]] || mlops_arguments 1 "$@"

pulumi_version=$(mlops_version @pulumi/pulumi)
plugin_dir=$mlops_pulumi_home/plugins
base_image=$(awk 'toupper($1) == "FROM" { print $2; exit }' service/Dockerfile)
log=$mlops_cache/setup.log

# --- one line a step --------------------------------------------------------------------------------

say() { printf '%-12s %s\n' "$1" "$2"; }
die() {
    say "$1" "$2" >&2
    printf '%-12s %s\n' '' "→ $3" >&2
    exit 1
}

# long NAME WHAT COMMAND...: runs it with its output in the log; says how far it is, on a terminal all
# the time, else once a minute; shows the log's end if it fails.
long() {
    local name=$1 what=$2 started=$SECONDS said=0 now=0 pid rc=0 from width
    shift 2
    say "$name" "$what …"
    from=$(($(wc -c <"$log" 2>/dev/null || echo 0) + 1))
    width=$(tput cols 2>/dev/null || echo 80)
    # In a process group of its own, so that all of it ends when this script does; it keeps the lock until then.
    set -m
    { echo "== $name: $*"; "$@"; } >>"$log" 2>&1 &
    pid=$!
    set +m
    tell_waiting "$name: $what" "$pid"
    for signal in INT TERM HUP PIPE; do
        # shellcheck disable=SC2064 # which signal and which process it is
        trap "interrupt $signal $pid" "$signal"
    done
    while kill -0 "$pid" 2>/dev/null; do
        sleep 0.2
        ((SECONDS - started > now)) || continue
        now=$((SECONDS - started))
        if [[ -t 1 ]]; then
            status=$(printf '%-12s %s … %d s%s' "$name" "$what" "$now" "$(progress "$from")")
            printf '\r\033[K%s' "${status:0:width - 1}"
        elif ((now - said >= 60)); then
            said=$now
            say "$name" "  still at it after $said s$(progress "$from")"
        fi
    done
    wait "$pid" || rc=$?
    trap - INT TERM HUP PIPE
    [[ -t 1 ]] && printf '\r\033[K'
    ((rc == 0)) || { tail -n 15 "$log" >&2; return "$rc"; }
    say "$name" "  done in $((SECONDS - started)) s"
}

# interrupt SIGNAL GROUP: ends what a step has started, and then this script.
interrupt() {
    trap '' INT TERM HUP PIPE
    kill -TERM -- "-$2" 2>/dev/null || true
    for ((i = 0; i < 100; i++)); do
        kill -0 -- "-$2" 2>/dev/null || break
        sleep 0.1
    done
    kill -KILL -- "-$2" 2>/dev/null || true
    exit $((128 + $(kill -l "$1")))
}

# progress OFFSET: how far the Go builds are whose output begins there in the log; else nothing.
progress() {
    tail -c "+$1" "$log" | awk '
        /^go: downloading / { modules++ }
        /^go-packages [0-9]+$/ { built = total; total += $2; next }
        total && /^[^ :]+$/ && built < total { built++ }
        END {
            if (total) printf ", %d of %d Go packages", built, total
            else if (modules) printf ", %d Go modules downloaded", modules
        }'
}

need() { command -v "$2" >/dev/null || die "$1" "the command $2 is missing" "install the package $2"; }
reachable() { curl -fsSL --connect-timeout 5 --max-time 15 -o /dev/null "$1" 2>/dev/null 9>&-; }

# --- Folders ----------------------------------------------------------------------------------------

# Those that cannot be written to, each with the variable that says where another one is.
folders_missing=
folders_found() {
    folders_missing=
    usable "$mlops_cache" MLOPS_CACHE
    usable "$mlops_pulumi_home" PULUMI_HOME
    [[ ${PULUMI_BACKEND_URL:-} != "file://$mlops_state/backend" ]] || usable "$mlops_state" MLOPS_STATE
    found="$mlops_cache"
    [[ -z $folders_missing ]]
}
usable() {
    { mkdir -p "$1" 2>/dev/null && [[ -w $1 ]]; } ||
        folders_missing+="${folders_missing:+, and }$2 to a folder instead of $1"
}
folders_install() {
    die folders "there are folders that cannot be written to (HOME is $HOME)" "set $folders_missing"
}
# npm and Go keep what they download in HOME.
if [[ ! -w $HOME ]]; then
    export npm_config_cache=${npm_config_cache:-$mlops_cache/npm}
    export GOPATH=${GOPATH:-$mlops_cache/go} GOCACHE=${GOCACHE:-$mlops_cache/go-build}
fi

# --- Node.js and the packages ------------------------------------------------------------------------------------------------

node_found() {
    local version
    version=$(node --version 2>/dev/null) || return 1
    [[ $version =~ ^v([0-9]+)\.([0-9]+) ]] || return 1
    ((BASH_REMATCH[1] > 22 || (BASH_REMATCH[1] == 22 && BASH_REMATCH[2] >= 18))) || return 1
    found="$version at $(command -v node)"
}
node_missing='Node.js 22.18 or newer (24 preferred): https://nodejs.org/en/download'
node_install() {
    local package arch
    case $(uname -m) in x86_64) arch=x64 ;; aarch64 | arm64) arch=arm64 ;; *) die node "no build for $(uname -m)" "$node_missing" ;; esac
    package=node-$(uname -s | tr '[:upper:]' '[:lower:]')-$arch
    command -v npm >/dev/null || die node 'neither Node.js nor npm is on PATH' "$node_missing"
    rm -rf "$mlops_node".part
    long node "Node.js ${mlops_node##*-} from npm" npm install --silent --no-save --prefix "$mlops_node.part" "$package@${mlops_node##*-}" ||
        die node 'not installed' "$node_missing"
    # Next to node: this machine's npm, run by the new Node.js.
    mkdir -p "$mlops_node.part/bin"
    mv "$mlops_node.part/node_modules/$package/bin/node" "$mlops_node.part/bin/node"
    rm -rf "$mlops_node" && mv "$mlops_node.part" "$mlops_node"
    . toolchain/env.sh
}

packages_stamp() { echo "$(cksum <package-lock.json) $(node --version 2>/dev/null)"; }
packages_found() { [[ $(cat node_modules/.stamp 2>/dev/null) == "$(packages_stamp)" ]] && found="as package-lock.json says"; }
packages_missing='npm ci'
packages_install() {
    long packages 'npm ci' npm ci --no-audit --no-fund --loglevel=error || die packages 'npm ci failed' "npm ci   (its output: $log)"
    packages_stamp >node_modules/.stamp
}

# --- Pulumi: the CLI and the plugins, of the versions in package-lock.json ---------------------------------------------------

cli_found() {
    local at
    at=$(command -v pulumi) || return 1
    # Ours is known by its folder, which is complete or not there; anyone else's is asked.
    if [[ $at == "$mlops_pulumi/bin/pulumi" ]]; then
        is_current "$mlops_pulumi" "$(cli_sources)" || return 1
    else
        [[ $(pulumi version 2>/dev/null) == "v$pulumi_version" ]] || return 1
    fi
    found="v$pulumi_version at $at"
}
cli_missing="curl -fsSL https://get.pulumi.com | sh -s -- --version $pulumi_version"
cli_install() {
    need cli curl
    rm -rf "$mlops_pulumi.part"
    if ! reachable https://get.pulumi.com ||
        ! long cli "Pulumi CLI $pulumi_version from get.pulumi.com" download_cli; then
        need_go cli
        rm -rf "$mlops_pulumi.part"
        long cli "Pulumi CLI $pulumi_version, built from its Go modules (get.pulumi.com is out of reach)" build_cli ||
            die cli 'the build failed' "see $log, then make up again"
    fi
    rm -rf "$mlops_pulumi" && mv "$mlops_pulumi.part" "$mlops_pulumi"
    . toolchain/env.sh
}
download_cli() {
    curl -fsSL https://get.pulumi.com -o "$mlops_cache/install-pulumi.sh" &&
        sh "$mlops_cache/install-pulumi.sh" --silent --no-edit-path --version "$pulumi_version" --install-root "$mlops_pulumi.part"
}
# What was built here is known by its sources, so that a change of those builds it again; what was downloaded is known by its version.
sources_of() { cat "$@" | cksum; }
is_current() { [[ ! -e $1/.built-from || $(cat "$1/.built-from") == "$2" ]]; }
cli_sources() { sources_of toolchain/pulumi/go.* toolchain/language-nodejs/*.go toolchain/language-nodejs/go.*; }
plugin_sources() { sources_of toolchain/plugins/go.* toolchain/plugins/"$1"/*.go; }
# go_build FOLDER OPTION... PACKAGE: prints how many packages that are, and each that is compiled.
go_build() {
    (
        cd "$1" && shift && export CGO_ENABLED=0 &&
            echo "go-packages $(($(go list -deps "${@: -1}" | wc -l)))" && go build -v -trimpath "$@"
    )
}
build_cli() {
    local out=$mlops_pulumi.part/bin sdk=github.com/pulumi/pulumi/sdk/v3
    mkdir -p "$out" &&
        go_build toolchain/pulumi -ldflags "-s -w -X $sdk/go/common/version.Version=v$pulumi_version" \
            -o "$out/pulumi" github.com/pulumi/pulumi/pkg/v3/cmd/pulumi &&
        go_build toolchain/language-nodejs -ldflags "-s -w" -o "$out/pulumi-language-nodejs" . &&
        go_build toolchain/language-nodejs -ldflags "-s -w -X $sdk/go/common/version.Version=v3.68.0" \
            -o "$out/pulumi-language-nodejs-host" $sdk/nodejs/cmd/pulumi-language-nodejs &&
        cli_sources >"$mlops_pulumi.part/.built-from"
}
need_go() {
    command -v go >/dev/null ||
        die "$1" 'it has to be built from source here, and there is no Go to do that with' 'install Go 1.26: https://go.dev/dl'
}

# Every @pulumi/* package in package-lock.json that has a plugin; those without one are listed here.
plugins() {
    sed -n 's|^ *"node_modules/@pulumi/\([a-z-]*\)": {$|\1|p' package-lock.json | grep -vxE 'pulumi|eslint-plugin|policy'
}
plugin_found() { [[ -x $(plugin_path "$1") ]] && is_current "$(dirname "$(plugin_path "$1")")" "$(plugin_sources "$1")"; }
plugin_path() { echo "$plugin_dir/resource-$1-v$(mlops_version "@pulumi/$1")/pulumi-resource-$1"; }
plugins_found() {
    local name absent=()
    found=
    for name in $(plugins); do
        found+="$name $(mlops_version "@pulumi/$name"), "
        plugin_found "$name" || absent+=("$name")
    done
    found="${found%, } in $plugin_dir"
    ((${#absent[@]} == 0))
}
plugins_missing='toolchain/setup.sh'
plugins_install() {
    local name version official=false
    reachable https://get.pulumi.com && official=true
    for name in $(plugins); do
        version=$(mlops_version "@pulumi/$name")
        plugin_found "$name" && continue
        # An empty folder, as a download that was cut off leaves it, counts as installed for the CLI.
        rm -rf "$(dirname "$(plugin_path "$name")")"
        if ! $official || ! long plugins "$name $version" pulumi plugin install resource "$name" "v$version"; then
            need_go plugins
            long plugins "$name $version, built from its Go modules" build_plugin "$name" "$version" ||
                die plugins 'the build failed' "see $log, then make up again"
        fi
    done
}
build_plugin() {
    local name=$1 version=$2 folder part
    folder=$(dirname "$(plugin_path "$name")")
    part=$plugin_dir/.part-$name
    rm -rf "$part" && mkdir -p "$part" &&
        go_build toolchain/plugins -ldflags "-s -w -X main.version=$version" -o "$part/pulumi-resource-$name" "./$name" &&
        plugin_sources "$name" >"$part/.built-from" && rm -rf "$folder" && mv "$part" "$folder"
}

# --- Docker: the engine and the base image -----------------------------------------------------------------------------------

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
    say image 'Docker Hub is out of reach: a STAND-IN for the base image is made from Debian packages'
    command -v debootstrap >/dev/null || long image 'installing the package debootstrap' apt_install debootstrap ||
        die image 'debootstrap could not be installed' 'apt-get install debootstrap'
    long image "the stand-in for $base_image" toolchain/base-image.sh "$base_image" || die image 'the stand-in failed' "see $log"
}

# --- The registry behind the Quay that the tests run against -------------------------------------------------------------------

registry_found() { command -v docker-registry >/dev/null && found="$(docker-registry --version 2>/dev/null | awk '{ print $NF }') at $(command -v docker-registry)"; }
registry_missing='docker-registry on PATH: https://github.com/distribution/distribution'
registry_install() {
    [[ $(id -u) == 0 && -r /etc/debian_version ]] || die registry 'docker-registry is not installed' "$registry_missing"
    long registry 'installing the package docker-registry' apt_install docker-registry || die registry 'not installed' 'apt-get install docker-registry'
}

# --- What the tests of workflows need: linters, and buildx for the scripts -------------------------------------------------------

linters=(actionlint shellcheck zizmor check-jsonschema)
linters_sources() { sources_of toolchain/linters/go.* toolchain/linters/requirements.txt; }
linters_found() {
    [[ -e $mlops_linters/.built-from ]] && is_current "$mlops_linters" "$(linters_sources)" && found="${linters[*]} in $mlops_linters"
}
linters_missing='toolchain/setup.sh tests'
linters_install() {
    need_go linters
    if ! python3 -m pip --version >/dev/null 2>&1; then
        [[ $(id -u) == 0 && -r /etc/debian_version ]] || die linters 'Python with pip is missing' 'install Python 3.10 or newer, with pip'
        long linters 'installing the package python3-pip' apt_install python3-pip || die linters 'not installed' 'apt-get install python3-pip'
    fi
    long linters "${linters[*]}" build_linters || die linters 'not installed' "see $log"
}
build_linters() {
    local part=$mlops_linters.part
    rm -rf "$part" &&
        python3 -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --target "$part" -r toolchain/linters/requirements.txt &&
        # A Python program finds its packages by where they are in the end.
        printf '#!/bin/sh\nPYTHONPATH=%s exec python3 -m check_jsonschema "$@"\n' "'$mlops_linters'" >"$part/bin/check-jsonschema" &&
        go_build toolchain/linters -ldflags '-s -w' -o "$part/bin/actionlint" github.com/rhysd/actionlint/cmd/actionlint &&
        linters_sources >"$part/.built-from" && rm -rf "$mlops_linters" && mv "$part" "$mlops_linters"
}

# As a plugin of the docker command in a folder of its own: the tests say where, `docker build` stays what it is.
buildx=$mlops_cache/buildx
buildx_sources() { sources_of toolchain/buildx/go.*; }
buildx_found() {
    if docker buildx version >/dev/null 2>&1; then
        found=$(docker buildx version)
    else
        [[ -e $buildx/.built-from ]] && is_current "$buildx" "$(buildx_sources)" && found="$buildx/cli-plugins/docker-buildx"
    fi
}
buildx_missing='toolchain/setup.sh tests'
buildx_install() {
    need_go buildx
    long buildx 'buildx, built from its Go modules' build_buildx || die buildx 'the build failed' "see $log"
}
build_buildx() {
    rm -rf "$buildx.part" && mkdir -p "$buildx.part/cli-plugins" &&
        go_build toolchain/buildx -ldflags '-s -w' -o "$buildx.part/cli-plugins/docker-buildx" github.com/docker/buildx/cmd/buildx &&
        buildx_sources >"$buildx.part/.built-from" && rm -rf "$buildx" && mv "$buildx.part" "$buildx"
}

# --- What the benchmark needs: what measures (its test needs that too), and Terraform with its providers ------------------------------

measure_sources() { sources_of bench/measure/*.go bench/measure/go.mod; }
measure_found() { [[ -e $mlops_measure/.built-from ]] && is_current "$mlops_measure" "$(measure_sources)" && found="$mlops_measure/bin/mlops-measure"; }
measure_missing='toolchain/setup.sh tests'
measure_install() {
    need_go measure
    long measure 'the measuring tool' build_measure || die measure 'the build failed' "see $log"
}
build_measure() {
    rm -rf "$mlops_measure.part" && mkdir -p "$mlops_measure.part/bin" &&
        go_build bench/measure -o "$mlops_measure.part/bin/mlops-measure" . &&
        measure_sources >"$mlops_measure.part/.built-from" && rm -rf "$mlops_measure" && mv "$mlops_measure.part" "$mlops_measure"
}

terraform_found() {
    local version
    version=$(terraform version 2>/dev/null | head -n 1) && [[ $version =~ v1\.([0-9]+) ]] && ((BASH_REMATCH[1] >= 5)) || return 1
    found="$version at $(command -v terraform)"
}
terraform_missing='Terraform 1.5 or newer: https://developer.hashicorp.com/terraform/install'
terraform_install() { die terraform 'the benchmark compares with it, and it is not installed' "$terraform_missing"; }

# In a folder as `terraform init -plugin-dir` reads it, under a made-up host.
providers_sources() { sources_of bench/terraform/providers/go.*; }
providers_found() {
    [[ -e $mlops_terraform_providers/.built-from ]] && is_current "$mlops_terraform_providers" "$(providers_sources)" &&
        found="$mlops_terraform_providers"
}
providers_missing='toolchain/setup.sh bench'
providers_install() {
    need_go providers
    long providers 'the Terraform providers, built from their Go modules' build_providers || die providers 'the build failed' "see $log"
}
build_providers() {
    rm -rf "$mlops_terraform_providers.part" && mkdir -p "$mlops_terraform_providers.part" &&
        build_provider integrations/github github.com/integrations/terraform-provider-github/v6 &&
        build_provider kreuzwerker/docker github.com/terraform-providers/terraform-provider-docker &&
        build_provider hashicorp/random github.com/terraform-providers/terraform-provider-random &&
        providers_sources >"$mlops_terraform_providers.part/.built-from" && rm -rf "$mlops_terraform_providers" &&
        mv "$mlops_terraform_providers.part" "$mlops_terraform_providers"
}
# Which versions they are is pinned in go.mod; Terraform wants a number.
build_provider() {
    go_build bench/terraform/providers -ldflags '-s -w' \
        -o "$mlops_terraform_providers.part/tf.local/$1/1.0.0/$(go env GOOS)_$(go env GOARCH)/terraform-provider-${1#*/}_v1.0.0" "$2"
}

# --- State: where the local stack's is, and how the passphrase's salt stays out of git ----------------------------------------

state_found() {
    if [[ ${PULUMI_CONFIG_PASSPHRASE_FILE:-} == "$mlops_state/passphrase" ]]; then
        [[ -s $mlops_state/passphrase && -d $mlops_state/backend ]] || return 1
        found="local, in $mlops_state"
    else
        found="the backend that you are logged in to${PULUMI_BACKEND_URL:+ ($PULUMI_BACKEND_URL)}"
        [[ -z ${PULUMI_BACKEND_URL:-} || -n ${PULUMI_CONFIG_PASSPHRASE+set}${PULUMI_CONFIG_PASSPHRASE_FILE:-} ]] ||
            found+='; no PULUMI_CONFIG_PASSPHRASE: set it, unless your stacks have another secrets provider'
    fi
}
state_missing='toolchain/setup.sh'
state_install() {
    mkdir -p -m 700 "$mlops_state/backend"
    if [[ ! -s $mlops_state/passphrase ]]; then
        # A salt belongs to its passphrase: one of another is of no use any more.
        sed -i.before '/^encryptionsalt:/d' Pulumi.local.yaml
        rm Pulumi.local.yaml.before
        (umask 077 && head -c 32 /dev/urandom | base64 >"$mlops_state/passphrase.part" &&
            mv "$mlops_state/passphrase.part" "$mlops_state/passphrase") ||
            die state "the passphrase could not be written" "make room in $mlops_state, or set MLOPS_STATE"
    fi
}
# So that plain `pulumi up -s local` works next.
stack_found() {
    found=local
    [[ ${PULUMI_CONFIG_PASSPHRASE_FILE:-} != "$mlops_state/passphrase" ]] ||
        [[ -e $mlops_state/backend/.pulumi/stacks/mlops/local.json ]]
}
stack_install() {
    long stack 'the stack "local"' toolchain/stack.sh local || die stack 'the stack could not be made' "see $log"
}

# --- all of it ---------------------------------------------------------------------------------------------------------------

steps=(folders node packages cli plugins docker image state)
test_steps=(registry linters buildx measure)
bench_steps=(registry measure terraform providers)

# find_missing: sets `missing` to the steps that have something to install. With "say" it says what is there.
find_missing() {
    local step
    missing=()
    for step in "${steps[@]}"; do
        found=
        if ! "${step}_found"; then missing+=("$step"); elif [[ ${1:-} == say ]]; then say "$step" "$found"; fi
    done
}

# A lock on an open file: it goes with the process, however that ends. Perl has it on every system; flock(1) does not.
try_lock() { perl -e 'use Fcntl ":flock"; open(my $f, ">&=9"); exit !flock($f, LOCK_EX | LOCK_NB)'; }
lock() {
    local started=$SECONDS said=
    need setup perl
    exec 9>>"$mlops_cache/setup.lock"
    until try_lock; do
        # At once, and then each minute.
        if [[ -z $said ]] || ((SECONDS - said >= 60)); then
            said=$SECONDS
            say setup "waiting for another set-up on this machine$(holder), for $((SECONDS - started)) s"
        fi
        sleep 0.5
    done
    tell_waiting 'looks what is missing' $$
}
# tell_waiting WHAT GROUP: leaves a note for those who wait, of what is being done by which process group.
tell_waiting() {
    { true >&9; } 2>/dev/null || return 0 # without the lock nobody waits
    printf '%s\n' "$$" "$2" "$(date +%H:%M:%S)" "$root" "$1" >"$mlops_cache/setup.holder" || true
}
holder() {
    local pid group since where what
    { read -r pid && read -r group && read -r since && read -r where && read -r what; } \
        <"$mlops_cache/setup.holder" 2>/dev/null || return 0
    if kill -0 "$pid" 2>/dev/null; then
        echo ": process $pid in $where, since $since at $what"
    else
        echo ": process $pid in $where was killed, and what it started since $since still runs ($what; to end it: kill -- -$group)"
    fi
}

# setup [say]: installs what is missing. Looks first: only who has something to install takes the lock.
setup() {
    local step
    find_missing "$@"
    ((${#missing[@]} > 0)) || return 0
    case " ${missing[*]} " in
    *' folders '*) folders_install ;;
    *' cli '* | *' plugins '*)
        say setup "missing: ${missing[*]}. About 10 minutes where Pulumi and its plugins are built from source, else about 2."
        ;;
    esac
    lock
    : >"$log"
    for step in "${steps[@]}"; do
        found=
        "${step}_found" || { "${step}_install"; "${step}_found" || die "$step" 'still missing after its installation' "see $log"; }
        case " ${missing[*]} " in *" $step "*) say "$step" "$found" ;; esac
    done
}

doctor() {
    local missing=0 mend
    for step in "${steps[@]}"; do
        found=
        if "${step}_found"; then
            printf '✓ %-10s %s\n' "$step" "$found"
        else
            mend=${step}_missing missing=1
            [[ $step != folders ]] || folders_missing="set $folders_missing"
            printf '✗ %-10s missing → %s\n' "$step" "${!mend}"
        fi
    done
    echo 'and for the tests and the benchmark:'
    for step in "${test_steps[@]}" terraform providers; do
        found=
        if "${step}_found"; then
            printf '✓ %-10s %s\n' "$step" "$found"
        else
            mend=${step}_missing
            printf -- '- %-10s not there → %s\n' "$step" "${!mend}"
        fi
    done
    ((missing == 0)) || { echo; echo 'make up installs what it can of this.'; return 1; }
}

case ${1:-setup} in
setup) steps+=(stack) && setup say ;;
demo) steps+=(registry stack) && setup ;;
tests) steps+=("${test_steps[@]}" stack) && setup say ;;
bench) steps+=("${bench_steps[@]}" stack) && setup say ;;
preview) steps=(folders node packages cli plugins state) && setup ;;
tools) steps=(folders node packages cli plugins) && setup say ;;
packages) steps=(folders node packages) && setup say ;;
doctor) doctor ;;
*) mlops_usage_error "Unknown: $1" ;;
esac
