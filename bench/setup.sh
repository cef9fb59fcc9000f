#!/usr/bin/env bash
# Installs what only the benchmark needs, after toolchain/setup.sh, and in the same way.
#   setup.sh          installs what is missing
#   setup.sh tests    only what its tests need: the program that measures
#   setup.sh doctor   installs nothing; lists what is missing
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=toolchain/common.sh
. toolchain/common.sh
[[ $# == 0 ]] || mlops_arguments 1 "$@"
. toolchain/steps.sh

measure_fix=bench/setup.sh
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
providers_fix=bench/setup.sh
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

case ${1:-setup} in
setup) steps=(measure terraform providers) && setup say ;;
tests) steps=(measure) && setup say ;;
doctor) list - measure terraform providers || true ;;
*) mlops_usage_error "Unknown: $1" ;;
esac
