#!/usr/bin/env bash
# Removes everything that `make up` made: what the stack declares, the stack, and the images that Pulumi keeps.
#   down.sh STACK
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. toolchain/env.sh
stack=$1

name=$(pulumi config get --path mlops:service.name --stack "$stack")
pulumi destroy --stack "$stack" --yes --skip-preview --non-interactive
pulumi stack rm "$stack" --yes --preserve-config --non-interactive
docker images --format '{{.Repository}}:{{.Tag}}' |
    awk -v name="$name" 'index($0, name ":ctx-") == 1 || index($0, name "-identity:ctx-") == 1' | xargs -r docker rmi >/dev/null
