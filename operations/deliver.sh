#!/usr/bin/env bash
# What this project's workflows do with its stacks. The same on any machine that is logged in to the stacks' state and has the tokens.
#   deliver.sh preview STACK     what a deployment would change: prints it, and writes it to previews/STACK.json
#   deliver.sh review STACK...   puts these previews into the pull request's comment, and records them as reviewed in reviewed/TREE.json
#   deliver.sh find              finds that record for a deployment, in GitHub Actions
#   deliver.sh deploy STACK      previews again, stops at anything that is not in reviewed/TREE.json, and brings the stack up
#   deliver.sh drift STACK       what was changed by other means: prints it, and writes it to drift/STACK.json
#   deliver.sh report STACK...   opens, updates or closes the issue about drift
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=toolchain/common.sh
. toolchain/common.sh
mlops_arguments $# "$@"
command=${1:-} stack=${2:-}
[[ $command == find || $stack ]] || mlops_usage_error
shift

# The policies of every stack, and the file that the stack names for how far they hold there.
policies=(--policy-pack policy/pulumi-analyzer-mlops)
enforcement=$(sed -n 's/^ *mlops-policy:config: *//p' "$(mlops_config "$stack")" 2>/dev/null || true)
[[ -z $enforcement ]] || policies+=(--policy-pack-config "$enforcement")
preview() { node operations/review/main.ts preview "$stack" --to previews -- "${policies[@]}"; }

case $command in
preview) preview ;;
review)
    files=("${@/#/previews/}")
    node operations/review/main.ts post "${files[@]/%/.json}"
    node operations/review/main.ts record "${files[@]/%/.json}" --to reviewed
    ;;
find) node operations/review/main.ts find ;;
deploy)
    preview
    [[ -z ${GITHUB_STEP_SUMMARY:-} ]] || node operations/review/main.ts render "previews/$stack.json" --markdown >>"$GITHUB_STEP_SUMMARY"
    node operations/review/main.ts verify "previews/$stack.json" --reviewed reviewed
    pulumi up --stack "$stack" --skip-preview --yes --non-interactive "${policies[@]}"
    ;;
drift)
    # The image is on the machine that built it, and in the registry, where the tag's resource looks for it.
    node operations/review/main.ts drift "$stack" --to drift -- --exclude '**docker:index/registryImage:RegistryImage**' --exclude '**docker:index/remoteImage:RemoteImage**'
    ;;
report)
    files=("${@/#/drift/}")
    node operations/review/main.ts report "${files[@]/%/.json}"
    ;;
*) mlops_usage_error "Unknown command: $command" ;;
esac
