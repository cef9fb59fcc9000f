#!/usr/bin/env bash
# Installs what `pulumi up` needs on this machine. Keeps what is installed, and completes what an
# interrupted run has left. One run at a time installs; another one waits for it.
#   setup.sh              installs what is missing
#   setup.sh demo|tests   also what `make demo` or `make test` needs
#   setup.sh cluster      only the Kubernetes cluster of the tests
#   setup.sh preview      only what a preview needs: Node.js, npm packages, Pulumi, state
#   setup.sh tools        the same without the state
#   setup.sh packages     only Node.js and npm packages
#   setup.sh release      the same, and what makes the packages for Python
#   setup.sh doctor       installs nothing; lists what is missing, and then fails
#   setup.sh checksums    installs nothing; downloads what downloads.txt has to name, and prints it
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=toolchain/common.sh
. toolchain/common.sh
[[ $# == 0 ]] || mlops_arguments 1 "$@"
. toolchain/steps.sh
. toolchain/downloads.sh
. toolchain/tests.sh

node_fix='Node.js 22.18 or newer (24 preferred): https://nodejs.org/en/download'
node_found() {
    [[ $(node --version 2>/dev/null) =~ ^v([0-9]+)\.([0-9]+).* ]] &&
        ((BASH_REMATCH[1] * 100 + BASH_REMATCH[2] >= 2218)) &&
        found="${BASH_REMATCH[0]} at $(command -v node)"
}
node_install() { # with an older Node.js and its npm
    long "Node.js ${mlops_node##*-}" make_folder "$mlops_node" install_node
}
install_node() {
    cp toolchain/offline/node/package*.json "$1" &&
        npm ci --ignore-scripts --no-audit --no-fund --prefix "$1" &&
        # npm ignores that it could not download it.
        "$1/node_modules/.bin/node" --version && ln -s node_modules/.bin "$1/bin"
}

packages_fix='npm ci --ignore-scripts'
packages_stamp() { echo "$(cksum <package-lock.json) $(node --version 2>/dev/null)"; }
packages_found() {
    found='as package-lock.json says'
    [[ $(cat node_modules/.stamp 2>/dev/null) == "$(packages_stamp)" ]]
}
packages_install() {
    long 'npm ci' npm ci --ignore-scripts --no-audit --no-fund &&
        packages_stamp >node_modules/.stamp
}

pulumi_version=$(mlops_version @pulumi/pulumi)
cli_fix="Pulumi $pulumi_version: https://www.pulumi.com/docs/iac/download-install/versions"
cli_sources=(toolchain/offline/{pulumi/go.*,language-nodejs/*.go,language-nodejs/go.*})
cli_found() {
    found="v$pulumi_version at $(command -v pulumi)" || return 1
    # The project's own has the version in its folder's name. Another is asked, in 0.3 s.
    case $found in
    *" $mlops_pulumi/bin/pulumi") is_current "$mlops_pulumi" "${cli_sources[@]}" ;;
    *) [[ $(pulumi version 2>/dev/null) == "v$pulumi_version" ]] ;;
    esac
}
cli_install() { download "Pulumi CLI $pulumi_version" cli "$(cli_archive)" "$mlops_pulumi"; }
unpack_cli() { tar -xzf "$1" -C "$2" && mv "$2/pulumi" "$2/bin"; }

# Every @pulumi/* package has a plugin, except these.
plugins=$(sed -n 's|^ *"node_modules/@pulumi/\([a-z-]*\)": {$|\1|p' package-lock.json |
    grep -vxE 'pulumi|eslint-plugin|policy')
plugin_found() { # sets name, version and folder, which the functions below use
    name=$1 version=$(mlops_version "@pulumi/$1")
    folder=$mlops_pulumi_home/plugins/resource-$name-v$version
    plugin_sources=(toolchain/offline/plugins/{go.*,"$name"/*.go})
    [[ $name != kubernetes ]] ||
        plugin_sources=(
            toolchain/offline/kubernetes/{go.*,main.go,sdk/{go.mod,go/*/{*.go,*/*/*.go}}}
        )
    [[ -x $folder/pulumi-resource-$name ]] && is_current "$folder" "${plugin_sources[@]}"
}
plugins_found() {
    found=''
    for name in $plugins; do
        plugin_found "$name" || return 1
        found+="${found:+, }$name $version"
    done
}
plugins_install() {
    for name in $plugins; do
        plugin_found "$name" ||
            download "$name $version" plugin "$(plugin_archive "$name")" "$folder" || return
    done
}
unpack_plugin() { tar -xzf "$1" -C "$2"; }

docker_fix='a running Docker engine: https://docs.docker.com/engine/install'
docker_found() {
    local versions
    if versions=$(docker version -f '{{.Client.Version}} {{.Server.Version}}' 2>/dev/null); then
        found="engine ${versions#* }, client ${versions% *}"
        # From version 23 on, a client needs its buildx component to build.
        ((${versions%%.*} < 23)) || docker buildx version >/dev/null 2>&1
    else
        [[ $(docker version 2>&1) != *'permission denied'* ]] || docker_fix="sudo usermod -aG \
docker $(id -un), and log in again (in this shell alone: newgrp docker)"
        return 1
    fi
}
docker_install() { . toolchain/offline/debian.sh && install_docker; }

base_image=$(awk 'toupper($1) == "FROM" { print $2; exit }' service/Dockerfile)
image_fix="docker pull $base_image"
image_found() {
    local image=${MLOPS_BASE_IMAGE:-$base_image}
    found="$image$(docker image inspect "$image" 2>/dev/null --format \
        '{{with index .Config.Labels "org.opencontainers.image.title"}} ({{.}}){{end}}')"
}
image_install() {
    if long "$base_image" docker pull --quiet "$base_image"; then
        rm -f "$mlops_cache/base-image" && unset MLOPS_BASE_IMAGE
    else
        . toolchain/offline/debian.sh && import_base_image
    fi
}

state_found() {
    found="the backend that you are logged in to${PULUMI_BACKEND_URL:+ ($PULUMI_BACKEND_URL)}"
    [[ ${PULUMI_CONFIG_PASSPHRASE_FILE:-} == "$mlops_state/passphrase" ]] || return 0
    found="local, in $mlops_state"
    [[ -s $mlops_state/passphrase && -d $mlops_state/backend ]]
}
state_install() {
    mkdir -p -m 700 "$mlops_state/backend" || return
    [[ ! -s $mlops_state/passphrase ]] || return 0
    # Another one would not decrypt them, and new stacks would get it all the same.
    [[ -z $(find "$mlops_state/backend" -path '*/stacks/*' -name '*.json*' ! -name '*.bak*') ]] ||
        die "the passphrase of the stacks in $mlops_state/backend is missing" "put it back as \
$mlops_state/passphrase; if it is lost, move the folder backend away, and start anew"
    # The salt in the stack's file belongs to another passphrase.
    sed -i.before '/^encryptionsalt:/d' Pulumi.local.yaml && rm Pulumi.local.yaml.before &&
        (umask 077 && head -c 32 /dev/urandom | base64 >"$mlops_state/passphrase.part") &&
        mv "$mlops_state/passphrase.part" "$mlops_state/passphrase"
}
stack_found() { # after which plain `pulumi up -s local` works
    found=local
    [[ ${PULUMI_CONFIG_PASSPHRASE_FILE:-} != "$mlops_state/passphrase" ]] ||
        [[ -e $mlops_state/backend/.pulumi/stacks/mlops/local.json ]]
}
stack_install() { long 'the stack "local"' toolchain/stack.sh local; }

steps=(folders node packages cli plugins)
case ${1:-setup} in
setup) steps+=(docker image state stack) && setup say ;;
demo) steps+=(docker image state registry stack) && setup ;;
tests)
    steps+=(docker image state "${test_steps[@]}" stack) && setup say
    exec bench/setup.sh tests
    ;;
cluster) steps=(folders cluster) && setup say && [[ -d $cluster ]] ;;
preview) steps+=(state) && setup ;;
tools) setup say ;;
packages) steps=(folders node packages) && setup ;;
release) steps=(folders node packages cli python languages) && setup say ;;
doctor) steps+=(docker image state) && doctor ;;
checksums) print_checksums ;;
*) mlops_usage_error "Unknown: $1" ;;
esac
