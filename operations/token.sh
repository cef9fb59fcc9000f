#!/usr/bin/env bash
# Prints a fresh access token of the local identity provider.
#   token.sh STACK
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=toolchain/common.sh
. toolchain/common.sh
mlops_arguments 1 "$@"
mlops_notice
stack=$1
mlops_require_stack "$stack"

show=(pulumi stack output tokenCommand --stack "$stack" --non-interactive)
if ! command=$("${show[@]}" 2>/dev/null); then
    said=$("${show[@]}" 2>&1) || true
    case $said in
    *'no stack named'*) said="The stack \"$stack\" is not up: make up STACK=$stack" ;;
    *'does not have output property'*)
        said="The stack \"$stack\" has no identity provider of its own, or is not up. "
        said+="With mlops:oauth2 the tokens are those of its issuer."
        ;;
    esac
    echo "$said" >&2
    exit 1
fi
$command
