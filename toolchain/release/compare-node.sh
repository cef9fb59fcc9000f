#!/usr/bin/env bash
# Fails unless the Node.js in each executable in FOLDER is, byte for byte, the one on nodejs.org:
# others than its publisher make the npm packages that it comes from.
#   compare-node.sh FOLDER
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=toolchain/common.sh
. toolchain/common.sh
mlops_arguments 1 "$@"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

download() {
    curl --fail --silent --show-error --location --proto '=https' --retry 3 \
        --output "$folder/$2" "https://nodejs.org/dist/$1"
}
for archive in "$1"/pulumi-resource-quay-v*.tar.gz; do
    # As Node.js names it; Windows on Arm has that for amd64.
    platform=$(sed 's/.*-\(.*-.*\)\.tar\.gz$/\1/; s/amd64/x64/; s/windows-.*/win-x64/' \
        <<<"$archive")
    version=v$(sed -nE "s/.*\"node-(bin-)?$platform\": \"(.*)\".*/\2/p" \
        toolchain/release/node/package.json)
    if [[ $platform == win-x64 ]]; then
        file=node.exe
        download "$version/win-x64/node.exe" node
    else
        file=node
        download "$version/node-$version-$platform.tar.gz" archive
        tar -xzOf "$folder/archive" "node-$version-$platform/bin/node" >"$folder/node"
    fi
    tar -xzOf "$archive" "$file" | cmp --silent - "$folder/node" ||
        { echo "$archive: its Node.js is not the one on nodejs.org. Publish none." >&2 && exit 1; }
    echo "$archive has the Node.js on nodejs.org."
done
