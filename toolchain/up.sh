#!/usr/bin/env bash
# Brings a stack up on this machine and says what to do with it.
#   up.sh STACK
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. toolchain/env.sh
stack=$1 config=Pulumi.$1.yaml

pulumi stack export --stack "$stack" >/dev/null 2>&1 || pulumi stack init "$stack" --no-select --non-interactive

started=$(mktemp)
trap 'rm -f "$started"' EXIT
pulumi up --stack "$stack" --yes --skip-preview --refresh --non-interactive || {
    find .build -name '*.log' -newer "$started" -size +0 -exec tail -n 30 -v {} + >&2 || true # where a build failed: why
    exit 1
}

# Pulumi has written the passphrase's salt into the file. Git's filter leaves it out (see setup.sh), but git looks at the size first:
# adding the file where it does not differ stages nothing, and has git note the new size.
if git ls-files --error-unmatch "$config" >/dev/null 2>&1 && [[ -z $(git diff "$config") ]]; then git add "$config"; fi

url=$(pulumi stack output serviceUrl --stack "$stack")
token='$(make -s token)'
pulumi stack output tokenCommand --stack "$stack" >/dev/null 2>&1 || token='TOKEN-OF-YOUR-ISSUER'
cat <<END

The service is healthy. Try it:

  curl $url/health
  curl -F file=@service/examples/seven.png -H "Authorization: Bearer $token" $url/upload

make down removes it. Plain pulumi works in this shell after: . toolchain/env.sh
END
