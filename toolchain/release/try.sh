#!/usr/bin/env bash
# Starts the Quay provider's executable for this machine, without Node.js, and ends it.
#   try.sh ARCHIVE
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=toolchain/common.sh
. toolchain/common.sh
mlops_arguments 1 "$@"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
tar -xzf "$1" -C "$folder"
provider=$folder/pulumi-resource-quay
[[ -e $provider ]] || provider+=.cmd # Windows
# It prints its port, and ends with its standard input.
port=$("$provider" 127.0.0.1:1 < <(:) | tr -d '\r')
[[ $port =~ ^[0-9]+$ ]] || { echo "$1 printed no port: $port" >&2 && exit 1; }
echo "$1 starts."
