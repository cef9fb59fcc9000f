# shellcheck shell=bash
# The steps for what only the tests and the benchmark need. The go.mod files pin its versions.
test_steps=(registry linters buildx measure)
bench_steps=(registry measure terraform providers)
# build FOLDER SOURCE...: has build_STEP build FOLDER from the sources.
build() {
    . toolchain/offline/build.sh
    long 'built from source' from_sources "$1" "build_$step" "${@:2}"
}

registry_fix='docker-registry on PATH: https://github.com/distribution/distribution'
registry_found() { found=$(command -v docker-registry); }
registry_install() { . toolchain/offline/debian.sh && apt_install docker-registry; }

linters=(toolchain/offline/linters/{go.*,requirements.txt})
linters_fix='toolchain/setup.sh tests; needs Go, and Python 3.10 or newer with pip'
linters_found() { found=$mlops_linters && is_built "$mlops_linters" "${linters[@]}"; }
linters_install() {
    python3 -m pip --version >/dev/null 2>&1 ||
        { . toolchain/offline/debian.sh && apt_install python3-pip; } || return
    build "$mlops_linters" "${linters[@]}"
}
build_linters() {
    python3 -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
        --target "$1" -r toolchain/offline/linters/requirements.txt &&
        # A Python program has to know the folder where its packages will be.
        printf '#!/bin/sh\nPYTHONPATH=%s exec python3 -m check_jsonschema "$@"\n' \
            "'$mlops_linters'" >"$1/bin/check-jsonschema" &&
        go_build toolchain/offline/linters "$1/bin/actionlint" \
            github.com/rhysd/actionlint/cmd/actionlint
}

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

measure_fix='toolchain/setup.sh tests'
measure_found() { found=$mlops_measure && is_built "$mlops_measure" bench/measure/{*.go,go.mod}; }
measure_install() { build "$mlops_measure" bench/measure/{*.go,go.mod}; }
build_measure() { go_build bench/measure "$1/bin/mlops-measure" .; }

terraform_fix='Terraform 1.5 or newer: https://developer.hashicorp.com/terraform/install'
terraform_found() {
    [[ $(terraform version 2>/dev/null) =~ ^Terraform\ v1\.([0-9]+)[^[:space:]]* ]] &&
        ((BASH_REMATCH[1] >= 5)) && found="${BASH_REMATCH[0]} at $(command -v terraform)"
}
terraform_install() { return 1; }

# In the layout that `terraform init -plugin-dir` reads, with a made-up host.
providers_fix='toolchain/setup.sh bench'
providers_found() {
    found=$mlops_terraform_providers
    is_built "$mlops_terraform_providers" bench/terraform/providers/go.*
}
providers_install() { build "$mlops_terraform_providers" bench/terraform/providers/go.*; }
build_providers() {
    build_provider "$1" integrations/github integrations/terraform-provider-github/v6 &&
        build_provider "$1" kreuzwerker/docker terraform-providers/terraform-provider-docker &&
        build_provider "$1" hashicorp/random terraform-providers/terraform-provider-random
}
build_provider() { # with the version of go.mod; Terraform wants a number
    go_build bench/terraform/providers "$1/tf.local/$2/1.0.0/$(go env GOOS)_$(go env GOARCH)/\
terraform-provider-${2#*/}_v1.0.0" "github.com/$3"
}
