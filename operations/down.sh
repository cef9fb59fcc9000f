#!/usr/bin/env bash
# Removes everything that `make up` made: what the stack declares, the stack, the images that Pulumi
# keeps, and what its builds left.
#   down.sh STACK
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=toolchain/common.sh
. toolchain/common.sh
mlops_arguments 1 "$@"
mlops_notice
exec node operations/down.ts "$1"
