#!/usr/bin/env bash
# Removes everything that `make up` created: the stack and its resources, their images in the Docker
# engine, and the files of its builds.
#   down.sh STACK
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=toolchain/common.sh
. toolchain/common.sh
mlops_arguments 1 "$@"
mlops_notice
exec node operations/down.ts "$1"
