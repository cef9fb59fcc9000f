#!/usr/bin/env bash
# Brings a stack up on this machine and says what to do with it.
#   up.sh STACK
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. toolchain/env.sh
stack=$1

# What runs on this machine is looked at: a container may have been removed by hand. What is on Quay and GitHub is not: no server is asked
# for what the state knows (drift.yml does that at night).
refresh=(--refresh)
grep -q '^ *mlops:quay:' "Pulumi.$stack.yaml" 2>/dev/null && refresh=()
said=$(mktemp) && started=$(mktemp) && trap 'rm -f "$said" "$started"' EXIT
explain() {
    grep -q 'stack is currently locked\|pending operations from previous\|failed to load checkpoint: EOF' "$said" || return 0
    echo "Another up of this stack is at work, or was killed. This tells, and mends it: make recover STACK=$stack" >&2
}

toolchain/stack.sh "$stack" 2>"$said" || { cat "$said" >&2; explain; exit 1; }
color=never; [[ ! -t 1 ]] || color=always
# -i: Ctrl-C is for pulumi, which ends in good order as long as somebody reads what it says.
pulumi up --stack "$stack" --yes --skip-preview ${refresh[@]+"${refresh[@]}"} --non-interactive --color "$color" 2>&1 | tee -i "$said" || {
    explain
    grep -q 'contents/.* 409' "$said" && echo "The workflow file was changed by hand: make refresh STACK=$stack, then make up again" >&2
    # Where a build failed: why. A log that ends with an error is the one.
    for log in ".build/$stack"/*.log; do
        [[ $log -nt $started ]] && tail -n 30 "$log" | grep -q '^ERROR\|^#[0-9]* ERROR' && { echo "== $log"; tail -n 30 "$log"; } >&2
    done
    exit 1
}
toolchain/stack.sh "$stack" # in a fresh clone it is `up` that writes the salt, from the state

output() { pulumi stack output "$1" --stack "$stack" 2>/dev/null; }
if [[ ${#refresh[@]} == 0 ]]; then
    cat <<END

$stack is at $(output version):

  $(output pullCommand)
  $(output runCommand)

The workflow: $(output workflow)$(output pullRequest | sed '1s/^/\nMerge it first: /')
make board shows what is where.
END
    exit
fi
case ${DOCKER_HOST:-} in '' | unix://*) ;; *) where=" (on the Docker engine's machine, $DOCKER_HOST)" ;; esac
url=$(output serviceUrl)
printf '\nThe service works%s: %s\n' "${where:-}" "$url"
token=TOKEN-OF-YOUR-ISSUER
if output tokenCommand >/dev/null; then
    make_token="make -s token"
    [[ $stack == local ]] || make_token+=" STACK=$stack"
    token="\$($make_token)"
    printf '\nA fresh access token: %s\n' "$make_token"
fi
if example=$(pulumi config get --path mlops:local.example --stack "$stack" 2>/dev/null); then
    example=${example//'{url}'/"$url"}
    printf '\nTry it:\n\n  %s\n' "${example//'{token}'/"$token"}"
fi
down="make down"
[[ $stack == local ]] || down+=" STACK=$stack"
printf '\n%s removes it. Plain pulumi works in this shell after: . toolchain/env.sh\n' "$down"
