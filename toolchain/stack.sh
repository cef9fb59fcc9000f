#!/usr/bin/env bash
# Makes a stack, where there is none, and keeps the salt of its passphrase out of git.
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
# Without a KMS, a folder or a bucket wants a passphrase, and takes an empty one: then anyone can read the robots' tokens in the state.
backend=${PULUMI_BACKEND_URL:-$(sed -n 's/.*"current": *"\([^"]*\)".*/\1/p' "$mlops_pulumi_home/credentials.json" 2>/dev/null || true)}
passphrase=${PULUMI_CONFIG_PASSPHRASE-$(cat "${PULUMI_CONFIG_PASSPHRASE_FILE:-/dev/null}" 2>/dev/null || true)}
if [[ $backend =~ ^(file|s3|gs|azblob): && -z $passphrase ]] && ! grep -q '^secretsprovider:' "$config" &&
    [[ $backend != "file://$mlops_state/backend" ]]; then
    cat >&2 <<'END'
The passphrase that encrypts the secrets in the state is missing, or empty. Make one, and say where it is in every shell:

  (umask 077 && head -c 32 /dev/urandom | base64 > ~/.mlops-passphrase)    # once; keep it in a password safe
  export PULUMI_CONFIG_PASSPHRASE_FILE=~/.mlops-passphrase

or use a KMS: docs/state.md
END
    exit 1
fi
# A new stack's secrets are encrypted as the file says (a KMS); by default with a passphrase, in Pulumi Cloud with a key of its own.
secrets=$(sed -n 's/^secretsprovider: *//p' "$config" | tr -d "\"'")
# Only where there is none: `pulumi stack init` would overwrite a state that cannot be read just now.
said=$(pulumi stack export --stack "$stack" 2>&1 >/dev/null) || case $said in
*'no stack named'*)
    mlops_require_room || exit 1
    pulumi stack init "$stack" --no-select --non-interactive ${secrets:+--secrets-provider "$secrets"}
    ;;
*) echo "$said" >&2 && exit 1 ;;
esac

# `pulumi stack init` writes the salt into Pulumi.local.yaml. A git filter, which .gitattributes names, keeps it out of commits; but
# git looks at the size first: adding the file where it does not differ stages nothing, and has git note the new size.
if git ls-files --error-unmatch "$config" >/dev/null 2>&1 &&
    git config filter.pulumi-salt.clean "sed '/^encryptionsalt:/d'" && [[ -z $(git diff "$config") ]]; then
    git add "$config" || true
fi
