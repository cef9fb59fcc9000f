# shellcheck shell=bash
# Downloads the Pulumi CLI and its plugins, if downloads.txt has their checksums.

# platform: this machine's, as Go names it.
platform() {
    local machine
    machine=$(uname -m)
    case $machine in x86_64) machine=amd64 ;; aarch64) machine=arm64 ;; esac
    echo "$(uname -s | tr '[:upper:]' '[:lower:]')-$machine"
}
# cli_archive [PLATFORM], plugin_archive NAME [PLATFORM]: print the archive's path on the server.
cli_archive() {
    local of=${1:-$(platform)}
    echo "sdk/pulumi-v$pulumi_version-${of/amd64/x64}.tar.gz"
}
plugin_archive() {
    echo "plugins/pulumi-resource-$1-v$(mlops_version "@pulumi/$1")-${2:-$(platform)}.tar.gz"
}

server=https://get.pulumi.com
fetch() { curl -fsSL --connect-timeout 5 "$@"; }
sha256() { if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi | cut -c-64; }

# download WHAT NAME ARCHIVE FOLDER: has unpack_NAME make FOLDER of the archive. Has build_NAME
# build it where the server cannot be reached, and where downloads.txt has no checksum.
download() {
    local address="$server/releases/$3" file="$mlops_cache/.part-${3##*/}" checksum
    need curl
    checksum=$(awk -v address="$address" '$2 == address { print $1 }' toolchain/downloads.txt)
    if [[ ! $checksum ]] || ! fetch --max-time 15 -o /dev/null "$server" 2>/dev/null ||
        ! long "$1" fetch -o "$file" "$address"; then
        . toolchain/offline/build.sh
        long "$1, built from its Go modules" "build_$2"
        return
    fi
    [[ $(sha256 <"$file") == "$checksum" ]] || {
        rm "$file"
        die "$address has another checksum than toolchain/downloads.txt" \
            'do not use it. Try again later; if it stays so, report it: SECURITY.md'
    }
    make_folder "$4" "unpack_$2" "$file" && rm "$file"
}

# Prints downloads.txt for the versions that package-lock.json pins.
print_checksums() {
    local of name archive checksum
    for of in linux-amd64 linux-arm64 darwin-amd64 darwin-arm64; do
        cli_archive "$of"
        for name in $plugins; do plugin_archive "$name" "$of"; done
    done | while read -r archive; do
        checksum=$(fetch "$server/releases/$archive" | sha256) || return
        echo "$checksum  $server/releases/$archive"
    done
}
