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
# macOS and Windows start Node.js because its publisher has signed it: on macOS the Node.js
# Foundation's team, on Windows the OpenJS Foundation, which it became.
case $(uname -s) in
Darwin)
    codesign --verify --strict \
        -R='anchor apple generic and certificate leaf[subject.OU] = "HX7739G8FX"' "$folder/node"
    ;;
MINGW* | MSYS*)
    # shellcheck disable=SC2016 # PowerShell's own variables
    script='Get-AuthenticodeSignature $env:NODE_EXE |
        ForEach-Object { [string]$_.Status; $_.SignerCertificate.Subject }'
    signature=$(NODE_EXE=$(cygpath -w "$folder/node.exe") \
        powershell.exe -NoProfile -Command "$script" | tr -d '\r')
    [[ $signature == $'Valid\nCN=OpenJS Foundation, O=OpenJS Foundation, '* ]] ||
        { echo "$1: the signature of node.exe is ${signature//$'\n'/, of }" >&2 && exit 1; }
    ;;
esac
# It prints its port, and ends with its standard input.
port=$("$provider" 127.0.0.1:1 < <(:) | tr -d '\r')
[[ $port =~ ^[0-9]+$ ]] || { echo "$1 printed no port: $port" >&2 && exit 1; }
echo "$1 starts."
