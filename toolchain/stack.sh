#!/usr/bin/env bash
# Makes a stack, where there is none, and keeps the salt of its passphrase out of git.
#   stack.sh STACK
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. toolchain/env.sh
stack=$1 config=Pulumi.$1.yaml

if [[ ! -e $config ]]; then
    echo "There is no stack \"$stack\": $config is missing. There are: $(echo Pulumi.*.yaml | sed 's/Pulumi\.//g; s/\.yaml//g')" >&2
    exit 1
fi
# Only where there is none: `pulumi stack init` would overwrite a state that cannot be read just now.
said=$(pulumi stack export --stack "$stack" 2>&1 >/dev/null) || case $said in
*'no stack named'*) pulumi stack init "$stack" --no-select --non-interactive ;;
*) echo "$said" >&2 && exit 1 ;;
esac

# `pulumi stack init` writes the salt into Pulumi.local.yaml. A git filter, which .gitattributes names, keeps it out of commits; but
# git looks at the size first: adding the file where it does not differ stages nothing, and has git note the new size.
if git ls-files --error-unmatch "$config" >/dev/null 2>&1 &&
    git config filter.pulumi-salt.clean "sed '/^encryptionsalt:/d'" && [[ -z $(git diff "$config") ]]; then
    git add "$config" || true
fi
