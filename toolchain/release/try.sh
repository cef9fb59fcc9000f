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
# macOS and Windows start Node.js because its publisher has signed it.
case $(uname -s) in
Darwin) codesign --verify --strict "$folder/node" ;;
MINGW* | MSYS*)
    # shellcheck disable=SC2016 # PowerShell's own variable
    status=$(NODE_EXE=$(cygpath -w "$folder/node.exe") powershell.exe -NoProfile -Command \
        '(Get-AuthenticodeSignature $env:NODE_EXE).Status' | tr -d '\r')
    [[ $status == Valid ]] || { echo "$1: the signature of node.exe is $status" >&2 && exit 1; }
    ;;
esac
# It prints its port, and ends with its standard input.
port=$("$provider" 127.0.0.1:1 < <(:) | tr -d '\r')
[[ $port =~ ^[0-9]+$ ]] || { echo "$1 printed no port: $port" >&2 && exit 1; }
echo "$1 starts."
