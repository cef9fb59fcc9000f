# shellcheck shell=bash
# The steps for what only the tests need. The go.mod files pin its versions.
test_steps=(registry browser linters python examples buildx languages cluster)

# pip_install FOLDER REQUIREMENTS: installs packages whose hashes are pinned.
pip_install() {
    python3 -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
        --target "$1" -r "$2"
}

registry_fix='docker-registry on PATH: https://github.com/distribution/distribution'
registry_found() { found=$(command -v docker-registry); }
registry_install() { . toolchain/offline/debian.sh && apt_install docker-registry; }

# A browser without a window, for the board's page. test/browser.ts looks in the same places.
browser_fix='Chromium or Chrome, with its path in MLOPS_BROWSER: https://www.google.com/chrome'
browser_found() {
    local path
    for path in "${MLOPS_BROWSER:-}" $(command -v chromium google-chrome chromium-browser) \
        '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'; do
        [[ ! -x $path ]] || { found=$path && return; }
    done
    return 1
}
browser_install() { . toolchain/offline/debian.sh && apt_install chromium; }

linters=(toolchain/offline/linters/{go.*,requirements.txt})
linters_fix='toolchain/setup.sh tests; needs Go, and Python 3.10 or newer with pip'
linters_found() { found=$mlops_linters && is_built "$mlops_linters" "${linters[@]}"; }
linters_install() {
    python3 -m pip --version >/dev/null 2>&1 ||
        { . toolchain/offline/debian.sh && apt_install python3-pip; } || return
    build "$mlops_linters" "${linters[@]}"
}
build_linters() {
    pip_install "$1" toolchain/offline/linters/requirements.txt &&
        # A Python program has to know the folder where its packages will be.
        printf '#!/bin/sh\nPYTHONPATH=%s exec python3 -m check_jsonschema "$@"\n' \
            "'$mlops_linters'" >"$1/bin/check-jsonschema" &&
        go_build toolchain/offline/linters "$1/bin/actionlint" \
            github.com/rhysd/actionlint/cmd/actionlint
}

# What generates, checks and tests the Python package, for PYTHONPATH.
python_sources=(contract/python/requirements-test.txt)
python_fix='toolchain/setup.sh tests; needs Python 3.11 or newer with pip'
python_found() { found=$mlops_python && is_built "$mlops_python" "${python_sources[@]}"; }
python_install() { build "$mlops_python" "${python_sources[@]}"; }
build_python() { pip_install "$1" "${python_sources[0]}"; }

# What the Python examples of the Quay provider run with, for PYTHONPATH.
examples=$mlops_cache/python-examples
examples_sources=(examples/quay/requirements.txt)
examples_fix='toolchain/setup.sh tests; needs Python 3.11 or newer with pip'
examples_found() { found=$examples && is_built "$examples" "${examples_sources[@]}"; }
examples_install() { build "$examples" "${examples_sources[@]}"; }
build_examples() { pip_install "$1" "${examples_sources[0]}"; }

# In a folder that only the tests name as one of Docker's plugins.
buildx=$mlops_cache/buildx
buildx_fix='toolchain/setup.sh tests'
buildx_found() {
    found=$(docker buildx version 2>/dev/null) ||
        { found=$buildx && is_built "$buildx" toolchain/offline/buildx/go.*; }
}
buildx_install() { build "$buildx" toolchain/offline/buildx/go.*; }
build_buildx() {
    go_build toolchain/offline/buildx "$1/cli-plugins/docker-buildx" \
        github.com/docker/buildx/cmd/buildx
}

# Pulumi's language hosts: those that came with the CLI; else stand-ins, in a folder that only the
# tests put on PATH.
languages=$mlops_cache/languages
languages_sources=(toolchain/offline/languages/{*.go,go.*} "${cli_sources[@]}")
languages_fix='toolchain/setup.sh tests'
languages_found() {
    { found=$(command -v pulumi-language-python) && command -v pulumi-language-yaml >/dev/null; } ||
        { found=$languages && is_built "$languages" "${languages_sources[@]}"; }
}
languages_install() { build "$languages" "${languages_sources[@]}"; }

# A Kubernetes cluster of one node (sandbox/cluster). Debian's programs are not installed. Where it
# cannot be made it is left out, and its tests are skipped.
cluster=$mlops_cache/cluster
cluster_sources=(toolchain/offline/cluster/{go.*,pause/*.go})
cluster_fix='toolchain/setup.sh cluster'
cluster_found() {
    local lacks
    found=$cluster
    is_built "$cluster" "${cluster_sources[@]}" && return
    lacks=$(cluster_lacks)
    found="left out, and its tests are skipped: it needs $lacks"
    [[ $lacks && ${MLOPS_CLUSTER:-} != required ]]
}
cluster_lacks() {
    if [[ $(id -u) != 0 ]] || ! unshare --fork --pid --mount --net true 2>/dev/null; then
        echo 'root, who may create namespaces'
    elif ! command -v apt-get >/dev/null; then
        echo 'packages of Debian or Ubuntu'
    elif ! command -v go >/dev/null; then
        echo 'Go: https://go.dev/dl'
    fi
}
cluster_install() {
    . toolchain/offline/debian.sh
    { command -v ip && command -v iptables; } >/dev/null || apt_install iproute2 iptables || return
    build "$cluster" "${cluster_sources[@]}"
}
