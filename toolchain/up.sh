#!/usr/bin/env bash
# Brings a stack up on this machine and says what to do with it.
#   up.sh STACK
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. toolchain/env.sh
stack=$1

toolchain/stack.sh "$stack"
# What runs on this machine is looked at: a container may have been removed by hand. What is on Quay and GitHub is not: no server is asked
# for what the state knows (drift.yml does that at night). Who is at a terminal sees the preview and is asked.
local=true
options=(--yes --skip-preview --refresh --non-interactive)
if grep -q '^ *mlops:quay:' "Pulumi.$stack.yaml"; then
    local=false
    options=(--yes --skip-preview --non-interactive)
    [[ -t 0 && -t 1 ]] && options=()
fi
pulumi up --stack "$stack" "${options[@]}" || {
    # Where a build failed: why. A log that ends with an error is the one.
    for log in .build/*.log; do
        [[ -e $log ]] && tail -n 30 "$log" | grep -q '^ERROR\|^#[0-9]* ERROR' && { echo "== $log"; tail -n 30 "$log"; } >&2
    done
    echo "If this stack is locked, or an \`up\` of it was killed: make recover STACK=$stack" >&2
    exit 1
}
toolchain/stack.sh "$stack" # in a fresh clone it is `up` that writes the salt, from the state

output() { pulumi stack output "$1" --stack "$stack" 2>/dev/null; }
if ! $local; then
    cat <<END

$stack is at $(output version):

  $(output pullCommand)
  $(output runCommand)

The workflow: $(output workflow)
make board shows what is where.
END
    exit
fi
token='$(make -s token)'
output tokenCommand >/dev/null || token='TOKEN-OF-YOUR-ISSUER'
case ${DOCKER_HOST:-} in '' | unix://*) ;; *) where=" (on the Docker engine's machine, $DOCKER_HOST)" ;; esac
url=$(output serviceUrl)
cat <<END

The service is healthy${where:-}. Try it:

  curl $url/health
  curl -F file=@service/examples/seven.png -H "Authorization: Bearer $token" $url/upload

make down removes it. Plain pulumi works in this shell after: . toolchain/env.sh
END
