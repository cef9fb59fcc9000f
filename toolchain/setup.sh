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
. toolchain/steps.sh
. toolchain/docker.sh
. toolchain/tests.sh

# --- Folders

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

# --- Node.js and the packages

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

# --- Pulumi: the CLI and the plugins, of the versions in package-lock.json

cli_sources=(toolchain/offline/pulumi/go.* toolchain/offline/language-nodejs/{*.go,go.*})
cli_found() {
    local at
    at=$(command -v pulumi) || return 1
    # Ours is known by its folder, which is complete or not there; anyone else's is asked.
    if [[ $at == "$mlops_pulumi/bin/pulumi" ]]; then
        is_current "$mlops_pulumi" "${cli_sources[@]}" || return 1
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
        . toolchain/offline/build.sh
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
# Every @pulumi/* package in package-lock.json that has a plugin; those without one are listed here.
plugins() {
    sed -n 's|^ *"node_modules/@pulumi/\([a-z-]*\)": {$|\1|p' package-lock.json | grep -vxE 'pulumi|eslint-plugin|policy'
}
plugin_sources() { echo toolchain/offline/plugins/go.* toolchain/offline/plugins/"$1"/*.go; }
plugin_found() {
    [[ -x $(plugin_path "$1") ]] &&
        is_current "$(dirname "$(plugin_path "$1")")" $(plugin_sources "$1")
}
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
            . toolchain/offline/build.sh
            need_go plugins
            long plugins "$name $version, built from its Go modules" build_plugin "$name" "$version" ||
                die plugins 'the build failed' "see $log, then make up again"
        fi
    done
}

# --- State: the local stack's folder, its passphrase, the stack

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

# --- The steps of each command

steps=(folders node packages cli plugins docker image state)
test_steps=(registry linters buildx measure)
bench_steps=(registry measure terraform providers)

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
