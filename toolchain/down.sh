#!/usr/bin/env bash
# Removes everything that `make up` made: what the stack declares, the stack, the images that Pulumi keeps, and what builds left.
#   down.sh STACK
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. toolchain/env.sh
stack=$1

said=$(mktemp) && trap 'rm -f "$said"' EXIT
if ! state=$(pulumi stack export --stack "$stack" 2>"$said"); then
    grep -q 'no stack named' "$said" || { cat "$said" >&2; exit 1; }
    echo "There is no stack \"$stack\": nothing to remove."
    exit 0
fi
# With its preview: that one stops at what is protected before anything is removed.
pulumi destroy --stack "$stack" --yes --non-interactive
pulumi stack rm "$stack" --yes --preserve-config --non-interactive
rm -rf ".build/$stack"
# All contents of the stack's images, but those that something else is using.
sed -n 's/.*"name": "\([^"]*\):ctx-[0-9a-f]*".*/\1/p' <<<"$state" | sort -u | while read -r repository; do
    { docker images --format '{{.Repository}}:{{.Tag}}' "$repository" | grep ':ctx-' || true; } | while read -r image; do
        docker rmi "$image" >/dev/null 2>&1 || echo "kept, because it is in use: $image"
    done
done
