#!/usr/bin/env bash
# Publishes the npm packages in FOLDER, but for versions that the registry has: a release of the
# program may have the readers of the one before. Logs in as the workflow's job does
# (https://docs.npmjs.com/trusted-publishers), and proves where the packages were made.
#   publish-npm.sh FOLDER
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=toolchain/common.sh
. toolchain/common.sh
mlops_arguments 1 "$@"
# npm takes dist/NAME.tgz for a repository on GitHub, and only an absolute path for a file.
for file in "$(realpath "$1")"/*.tgz; do
    package=$(tar -xzOf "$file" package/package.json | node --print '
        const { name, version } = JSON.parse(fs.readFileSync(0, "utf8")); `${name}@${version}`')
    if [[ $(npm view "$package" version 2>/dev/null) ]]; then
        echo "$package is published."
    else
        npm publish "$file" --provenance --access public --ignore-scripts
    fi
done
