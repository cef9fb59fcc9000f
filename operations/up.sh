#!/usr/bin/env bash
# Brings a stack up on this machine and prints how to use it.
#   up.sh STACK
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=toolchain/common.sh
. toolchain/common.sh
mlops_arguments 1 "$@"
mlops_notice
stack=$1
mlops_require_stack "$stack"
mlops_require_room

# Refreshes what runs on this machine: a container may have been removed by hand. Resources on Quay
# and GitHub are not refreshed, which saves their requests; drift.yml checks them every night.
refresh=(--refresh)
grep -q '^ *mlops:quay:' "$(mlops_config "$stack")" && refresh=()
work=$(mktemp -d "${TMPDIR:-/tmp}/mlops-up-XXXXXX") || {
    echo "The temporary folder ${TMPDIR:-/tmp} cannot be written to: set TMPDIR to another." >&2
    exit 1
}
said=$work/said started=$work/started
trap 'status=$?; rm -rf "$work"; mlops_ended "$status"' EXIT
touch "$started"
explain() {
    local locked='stack is currently locked\|pending operations from previous'
    if grep -q "$locked"'\|failed to load checkpoint: EOF' "$said"; then
        echo "Another up of this stack is at work, or was killed." \
            "To find out and unlock it: make recover STACK=$stack" >&2
    fi
}

status=0
toolchain/stack.sh "$stack" 2>"$said" || status=$?
cat "$said" >&2
((status == 0)) || { explain; exit 1; }
color=never; [[ ! -t 1 || -n ${NO_COLOR:-} ]] || color=always
# Pulumi has its own process group, so that every signal, also that of a closed terminal, reaches it
# through this script: as the SIGINT that lets it finish in good order. A second one stops it at
# once.
mkfifo "$work/output"
(trap '' HUP TERM && exec tee -i "$said") <"$work/output" &
copy=$!
set -m
(trap '' HUP && exec pulumi up --stack "$stack" --yes --skip-preview ${refresh[@]+"${refresh[@]}"} \
    --non-interactive --color "$color") >"$work/output" 2>&1 </dev/null &
up=$!
set +m
signal=
# After the first Ctrl-C Pulumi waits for running operations, and the Docker provider does not
# cancel a build. One interruption may send several signals: make forwards a TERM that its group
# already received, and a closing session sends HUP and TERM. Only another Ctrl-C, or a TERM after
# one, counts as the second.
end_update() {
    [[ -z $signal || $signal == INT || $1 == INT ]] || return 0
    if [[ -z $signal ]]; then
        echo "Waiting for running operations: a build runs to its end." \
            "A second Ctrl-C ends it at once." >&2
        for log in ".build/$stack"/*.log; do
            [[ $log -nt $started ]] && echo "The log of the build: $log" >&2
        done
    fi
    signal=$1
    kill -INT "$up" 2>/dev/null || true
}
trap 'end_update INT' INT
trap 'end_update TERM' TERM
trap 'end_update HUP' HUP
# A signal ends `wait`, but not Pulumi.
status=0
wait "$up" || status=$?
while kill -0 "$up" 2>/dev/null; do wait "$up" && status=0 || status=$?; done
wait "$copy" || true # a failed copy of the output, as on a full disk, is no failure of the update
trap - INT TERM HUP
((status == 0)) || {
    # Pulumi locks the stack before it handles signals: killed in between, it leaves the lock.
    ((status != 128 + $(kill -l INT))) || node operations/recover.ts "$stack" >&2 || true
    explain
    grep -q 'contents/.* 409' "$said" &&
        echo "The workflow file was changed by hand:" \
            "make refresh STACK=$stack, then make up again" >&2
    # Prints the end of the log of a build that failed, was cancelled or timed out.
    for log in ".build/$stack"/*.log; do
        [[ $log -nt $started ]] && tail -n 30 "$log" |
            grep -q '^ERROR\|^#[0-9]* \(ERROR\|CANCELED\)' && {
            echo "== $log"
            tail -n 30 "$log"
        } >&2
    done
    [[ -z $signal ]] || exit $((128 + $(kill -l "$signal")))
    exit 1
}
toolchain/stack.sh "$stack" # in a fresh clone, `up` wrote the salt from the state

output() { pulumi stack output "$1" --stack "$stack" 2>/dev/null; }
if [[ ${#refresh[@]} == 0 ]]; then
    cat <<END

$stack is at $(output version):

  $(output pullCommand)
  $(output runCommand)

The workflow: $(output workflow)$(output pullRequest | sed '1s/^/\nMerge it first: /')
make board shows what is where.
END
    url=$(output serviceUrl) && printf '\nThe service works: %s\n' "$url" || true

    exit
fi
case ${DOCKER_HOST:-} in
'' | unix://*) ;;
*) where=" (on the Docker engine's machine, $DOCKER_HOST)" ;;
esac
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
