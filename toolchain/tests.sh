# shellcheck shell=bash
# The steps of what the tests and the benchmark need. What is built from Go modules is pinned in go.mod.

registry_found() { command -v docker-registry >/dev/null && found="$(docker-registry --version 2>/dev/null | awk '{ print $NF }') at $(command -v docker-registry)"; }
registry_missing='docker-registry on PATH: https://github.com/distribution/distribution'
registry_install() {
    [[ $(id -u) == 0 && -r /etc/debian_version ]] || die registry 'docker-registry is not installed' "$registry_missing"
    long registry 'installing the package docker-registry' apt_install docker-registry || die registry 'not installed' 'apt-get install docker-registry'
}

linters=(actionlint shellcheck zizmor check-jsonschema)
linters_sources=(toolchain/offline/linters/go.* toolchain/offline/linters/requirements.txt)
linters_found() {
    is_built "$mlops_linters" "${linters_sources[@]}" && found="${linters[*]} in $mlops_linters"
}
linters_missing='toolchain/setup.sh tests'
linters_install() {
    . toolchain/offline/build.sh
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
        python3 -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --target "$part" \
            -r toolchain/offline/linters/requirements.txt &&
        # A Python program finds its packages by where they are in the end.
        printf '#!/bin/sh\nPYTHONPATH=%s exec python3 -m check_jsonschema "$@"\n' "'$mlops_linters'" >"$part/bin/check-jsonschema" &&
        go_build toolchain/offline/linters -ldflags '-s -w' -o "$part/bin/actionlint" github.com/rhysd/actionlint/cmd/actionlint &&
        sources_of "${linters_sources[@]}" >"$part/.built-from" && rm -rf "$mlops_linters" && mv "$part" "$mlops_linters"
}

# As a plugin of the docker command in a folder of its own: the tests say where, `docker build` stays what it is.
buildx=$mlops_cache/buildx
buildx_sources=(toolchain/offline/buildx/go.*)
buildx_found() {
    if docker buildx version >/dev/null 2>&1; then
        found=$(docker buildx version)
    else
        is_built "$buildx" "${buildx_sources[@]}" && found="$buildx/cli-plugins/docker-buildx"
    fi
}
buildx_missing='toolchain/setup.sh tests'
buildx_install() {
    . toolchain/offline/build.sh
    need_go buildx
    long buildx 'buildx, built from its Go modules' build_buildx || die buildx 'the build failed' "see $log"
}
build_buildx() {
    rm -rf "$buildx.part" && mkdir -p "$buildx.part/cli-plugins" &&
        go_build toolchain/offline/buildx -ldflags '-s -w' -o "$buildx.part/cli-plugins/docker-buildx" github.com/docker/buildx/cmd/buildx &&
        sources_of "${buildx_sources[@]}" >"$buildx.part/.built-from" && rm -rf "$buildx" && mv "$buildx.part" "$buildx"
}

measure_sources=(bench/measure/*.go bench/measure/go.mod)
measure_found() {
    is_built "$mlops_measure" "${measure_sources[@]}" && found=$mlops_measure/bin/mlops-measure
}
measure_missing='toolchain/setup.sh tests'
measure_install() {
    . toolchain/offline/build.sh
    need_go measure
    long measure 'the measuring tool' build_measure || die measure 'the build failed' "see $log"
}
build_measure() {
    rm -rf "$mlops_measure.part" && mkdir -p "$mlops_measure.part/bin" &&
        go_build bench/measure -o "$mlops_measure.part/bin/mlops-measure" . &&
        sources_of "${measure_sources[@]}" >"$mlops_measure.part/.built-from" && rm -rf "$mlops_measure" && mv "$mlops_measure.part" "$mlops_measure"
}

terraform_found() {
    local version
    version=$(terraform version 2>/dev/null | head -n 1) && [[ $version =~ v1\.([0-9]+) ]] && ((BASH_REMATCH[1] >= 5)) || return 1
    found="$version at $(command -v terraform)"
}
terraform_missing='Terraform 1.5 or newer: https://developer.hashicorp.com/terraform/install'
terraform_install() { die terraform 'the benchmark compares with it, and it is not installed' "$terraform_missing"; }

# In a folder as `terraform init -plugin-dir` reads it, under a made-up host.
providers_sources=(bench/terraform/providers/go.*)
providers_found() {
    is_built "$mlops_terraform_providers" "${providers_sources[@]}" && found=$mlops_terraform_providers
}
providers_missing='toolchain/setup.sh bench'
providers_install() {
    . toolchain/offline/build.sh
    need_go providers
    long providers 'the Terraform providers, built from their Go modules' build_providers || die providers 'the build failed' "see $log"
}
build_providers() {
    rm -rf "$mlops_terraform_providers.part" && mkdir -p "$mlops_terraform_providers.part" &&
        build_provider integrations/github github.com/integrations/terraform-provider-github/v6 &&
        build_provider kreuzwerker/docker github.com/terraform-providers/terraform-provider-docker &&
        build_provider hashicorp/random github.com/terraform-providers/terraform-provider-random &&
        sources_of "${providers_sources[@]}" >"$mlops_terraform_providers.part/.built-from" && rm -rf "$mlops_terraform_providers" &&
        mv "$mlops_terraform_providers.part" "$mlops_terraform_providers"
}
# Which versions they are is pinned in go.mod; Terraform wants a number.
build_provider() {
    go_build bench/terraform/providers -ldflags '-s -w' \
        -o "$mlops_terraform_providers.part/tf.local/$1/1.0.0/$(go env GOOS)_$(go env GOARCH)/terraform-provider-${1#*/}_v1.0.0" "$2"
}
