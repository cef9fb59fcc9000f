#!/usr/bin/env bash
# Creates a stack if it does not exist, and keeps the salt of its passphrase out of git.
#   stack.sh STACK
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=toolchain/common.sh
. toolchain/common.sh
mlops_arguments 1 "$@"
mlops_notice
stack=$1 config=$(mlops_config "$1")

mlops_require_stack "$stack"
[[ ! -e $config ]] || node toolchain/check-files.ts "${stack##*/}"
# Without a KMS, a backend in a folder or bucket needs a passphrase. Pulumi accepts an empty one,
# with which anyone could read the robots' tokens in the state.
backend=${PULUMI_BACKEND_URL:-$(sed -n 's/.*"current": *"\([^"]*\)".*/\1/p' \
    "$mlops_pulumi_home/credentials.json" 2>/dev/null || true)}
passphrase=${PULUMI_CONFIG_PASSPHRASE-$(
    cat "${PULUMI_CONFIG_PASSPHRASE_FILE:-/dev/null}" 2>/dev/null || true
)}
if [[ $backend =~ ^(file|s3|gs|azblob): && -z $passphrase ]] &&
    ! grep -q '^secretsprovider:' "$config" &&
    [[ $backend != "file://$mlops_state/backend" ]]; then
    cat >&2 <<'END'
The passphrase that encrypts the secrets in the state is missing, or empty. Create one, and set its
path in every shell:

  # once; keep it in a password safe
  (umask 077 && head -c 32 /dev/urandom | base64 > ~/.mlops-passphrase)
  export PULUMI_CONFIG_PASSPHRASE_FILE=~/.mlops-passphrase

or use a KMS: docs/state.md
END
    exit 1
fi
# How a new stack's secrets are encrypted: with the KMS in its file; else with a passphrase, or with
# a key of Pulumi Cloud.
secrets=$(sed -n 's/^secretsprovider: *//p' "$config" | tr -d "\"'")
# Only if the stack does not exist: `pulumi stack init` would overwrite a state that is unreadable.
said=$(pulumi stack export --stack "$stack" 2>&1 >/dev/null) || case $said in
*'no stack named'*)
    mlops_require_room || exit 1
    pulumi stack init "$stack" --no-select --non-interactive \
        ${secrets:+--secrets-provider "$secrets"}
    ;;
*) echo "$said" >&2 && exit 1 ;;
esac

# `pulumi stack init` writes the salt into Pulumi.local.yaml. A git filter (.gitattributes) keeps it
# out of commits, but git compares sizes first and would report a change. Adding the unchanged file
# stages nothing and makes git record the new size.
if git ls-files --error-unmatch "$config" >/dev/null 2>&1 &&
    git config filter.pulumi-salt.clean "sed '/^encryptionsalt:/d'" &&
    [[ -z $(git diff "$config") ]]; then
    git add "$config" || true
fi
