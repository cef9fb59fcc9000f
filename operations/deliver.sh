#!/usr/bin/env bash
# Runs the steps of this project's workflows. They work on any machine that is logged in to the
# stacks' state and has the tokens.
#   deliver.sh snapshot STACK    writes snapshots/STACK: its state, with marks in place of secrets
#   deliver.sh preview STACK     prints what a deployment would change, and writes
#                                previews/STACK.json. Needs no login and no secret: it uses
#                                snapshots/STACK; without that, the stack counts as new
#   deliver.sh review STACK...   in GitHub Actions, after the previews: posts them as the pull
#                                request's comment, and records them in reviewed/TREE.json. They
#                                are in the folder PREVIEWS
#   deliver.sh find              in GitHub Actions: finds the record for a deployment
#   deliver.sh verify STACK      previews as before, and fails on changes that reviewed/TREE.json
#                                does not have. PUBLISHED is the digest that the stack before has
#                                published
#   deliver.sh supersede         in GitHub Actions: cancels older deployments that wait for approval
#   deliver.sh deploy STACK      does the same with the stack's state, and brings the stack up;
#                                deployment.log has the output
#   deliver.sh promote STACK     proposes its next version by a pull request, as its file says
#   deliver.sh status STACK COMMIT OUTCOME
#                                sets the status deploy/STACK of a commit of the service after a
#                                deployment, whose outcome is success or another
#   deliver.sh drift STACK       prints what was changed outside of deployments; writes
#                                drift/STACK.json
#   deliver.sh board STACK...    writes board/index.html, and prints it as Markdown, in GitHub
#                                Actions into the run's summary. Needs no passphrase
#   deliver.sh report STACK...   opens, updates or closes the issue about drift
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=toolchain/common.sh
. toolchain/common.sh
mlops_arguments $# "$@"
command=${1:-} stack=${2:-}
[[ $command == find || $command == supersede || $stack ]] || mlops_usage_error
shift

# The policies, and the file with their enforcement levels that the stack names.
policies=(--policy-pack policy/pulumi-analyzer-mlops)
enforcement=$(
    sed -n 's/^ *mlops-policy:config: *//p' "$(mlops_config "$stack")" 2>/dev/null || true
)
[[ -z $enforcement ]] || policies+=(--policy-pack-config "$enforcement")
update() { pulumi up --stack "$stack" --skip-preview --yes --non-interactive "${policies[@]}"; }
review() { node operations/review/main.ts "$@"; }
preview() { review preview "$stack" --to previews "$@" -- "${policies[@]}"; }
preview_snapshot() { preview --snapshots snapshots; }
verify() {
    review verify "previews/$stack.json" --reviewed reviewed --published "${PUBLISHED:-}"
}

case $command in
snapshot) review snapshot "$stack" --to snapshots ;;
preview) preview_snapshot ;;
review)
    files=("${@/#/${PREVIEWS:-previews}/}")
    review review "${files[@]/%/.json}" --to reviewed
    ;;
find) review find ;;
verify)
    preview_snapshot
    verify
    ;;
supersede) node operations/supersede.ts ;;
deploy)
    {
        preview
        [[ -z ${GITHUB_STEP_SUMMARY:-} ]] ||
            review render "previews/$stack.json" --markdown >>"$GITHUB_STEP_SUMMARY"
        verify
        update 2>&1 | tee --ignore-interrupts update.log || {
            # Somebody has changed the workflow's file since: GitHub replaces only a known one.
            grep -q 'contents/.* 409' update.log
            pulumi refresh --stack "$stack" --skip-preview --yes --non-interactive \
                --target '**:RepositoryFile::*'
            update
        }
    } 2>&1 | tee --ignore-interrupts deployment.log
    [[ -z ${GITHUB_OUTPUT:-} ]] ||
        echo "digest=$(pulumi stack output digest --stack "$stack")" >>"$GITHUB_OUTPUT"
    ;;
promote) node operations/promote.ts "$stack" --scheduled ;;
status) node operations/setStatus.ts "$@" --log deployment.log ;;
drift) review drift "$stack" --to drift ;;
board)
    mkdir -p board
    node operations/board/main.ts --markdown --page board/index.html "$@" |
        tee -a "${GITHUB_STEP_SUMMARY:-/dev/null}"
    ;;
report)
    files=("${@/#/drift/}")
    review report "${files[@]/%/.json}"
    ;;
*) mlops_usage_error "Unknown command: $command" ;;
esac
